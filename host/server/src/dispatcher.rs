//! Takes events to where subscriptions want them.

pub(crate) mod attempt;
