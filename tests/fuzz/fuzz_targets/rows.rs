#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| hookyard_fuzz::rows::check(input));
