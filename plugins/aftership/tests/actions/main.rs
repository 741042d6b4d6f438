//! The calls to AfterShip: what goes out, what comes back, and what every failure becomes.

mod activate;
mod failures;
mod get_tracking;
mod script;
mod track_shipment;
