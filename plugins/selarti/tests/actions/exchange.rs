//! The exchange of the secret for a token, which the host makes.
