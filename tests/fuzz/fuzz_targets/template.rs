#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| hookyard_fuzz::template::check(input));
