//! A dispatcher over a store in memory, with endpoints that answer as told.

mod behind;
mod crashes;
mod feeding;
mod mishaps;
mod operating;
mod ordering;
mod retrying;
mod world;
