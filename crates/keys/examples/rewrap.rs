//! How long a change of the key above takes: a million wrapped keys are wrapped anew, by each suite, on one core.
//!
//! `cargo run --release -p guiju-keys --example rewrap`

#![expect(clippy::print_stdout, reason = "prints its measurement")]

use std::time::Instant;

use keys::{DataKey, Suite, wrap};

const KEYS: u32 = 1_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (old, new, key) = (DataKey::generate()?, DataKey::generate()?, DataKey::generate()?);
    for suite in Suite::ALL {
        let wrapped = wrap::wrap(&old, suite, &key, "subject")?;
        let start = Instant::now();
        for _ in 0..KEYS {
            std::hint::black_box(wrap::rewrap(&old, &new, suite, "subject", &wrapped)?);
        }
        println!("{suite}: {KEYS} keys wrapped anew in {:.1} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}
