//! What is left to do by hand.

use hookyard_sdk::Setup;

use crate::config::Config;

/// Makes no request: no call of Feedbot's is known that does nothing.
pub(crate) fn setup(config: &Config) -> Setup {
    let setup = Setup::default()
        .step(
            "In the Feedbot program on your computer, choose server mode (\"מצב שרת\") and leave the program running: it takes the \
             messages out of the queue and sends them. Otherwise nothing is ever sent.",
        )
        .step(
            "auth_token is the id that Feedbot gives after the premium licence is bought. Whether it is accepted shows with the first \
             message: nothing can be tried without sending one.",
        );
    if config.poll.enabled {
        setup
    } else {
        setup.step(
            "Polling is off: there are no events, and get-status is the only way to learn what became of a message.",
        )
    }
}
