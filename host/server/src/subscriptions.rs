//! The subscriptions of the file and of the API, right and wrong ones.

pub(crate) mod active;
