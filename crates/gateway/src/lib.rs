//! The gateway: guards a live service (GB/T 45654-2025 6 b), c), 7 c), e); Liaoning 7.2 d), 10.3).
//!
//! Clients speak the OpenAI API to it, it speaks it to the upstream model. One request is one function whose lines are the stages: admit, check, decide, record,
//! upstream, check, decide, label, record. What cannot be judged is refused or held, never passed in silence; what cannot be recorded is not answered.
