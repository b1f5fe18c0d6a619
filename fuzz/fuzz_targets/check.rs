#![no_main]
//! The whole pipeline on any text: spans that fit, no fault, and the same verdict twice.

use detect::Direction;
use guiju_fuzz::PIPELINE;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = &*guiju_fuzz::text(data);
    for direction in Direction::ALL {
        let verdict = PIPELINE.check_as(text, *direction);
        guiju_fuzz::assert_sound(text, &verdict);
        assert!(verdict.faults.is_empty(), "{:?}", verdict.faults);
        assert_eq!(verdict.decision, PIPELINE.policy().decide(&verdict.findings, &verdict.faults, *direction));
        assert_eq!(verdict, PIPELINE.check_as(text, *direction));
    }
});
