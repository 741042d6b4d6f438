//! Files and folders.

use std::fs;
use std::io::Error;

use serde_json::{Value, json};
use wasip2::filesystem::preopens::get_directories;

pub(crate) fn read(path: &str) -> Result<Value, String> {
    let content = fs::read(path).map_err(said)?;
    Ok(json!(content.len()))
}

pub(crate) fn write(path: &str) -> Result<Value, String> {
    fs::write(path, "written by a guest").map_err(said)?;
    Ok(Value::Null)
}

pub(crate) fn remove(path: &str) -> Result<Value, String> {
    fs::remove_file(path).map_err(said)?;
    Ok(Value::Null)
}

pub(crate) fn make_folder(path: &str) -> Result<Value, String> {
    fs::create_dir(path).map_err(said)?;
    Ok(Value::Null)
}

pub(crate) fn list(path: &str) -> Result<Value, String> {
    let names = fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, Error>>())
        .map_err(said)?;
    Ok(json!(names))
}

pub(crate) fn preopens() -> Value {
    let names: Vec<String> = get_directories().into_iter().map(|(_, name)| name).collect();
    json!(names)
}

fn said(error: Error) -> String {
    error.to_string()
}
