#![no_main]
//! A body of any interface: refused, or read twice the same, with places that lie in it and can be put back.

use gateway::wire::{Edit, Endpoint, parse};
use taxonomy::Span;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(body) = parse(data) else { return };
    assert_eq!(serde_json::from_slice::<serde_json::Value>(data).ok().as_ref(), Some(&body));
    for endpoint in Endpoint::ALL.iter().copied() {
        let _ = endpoint.asks(&body);
        for read in [Endpoint::request, Endpoint::answer, Endpoint::event] {
            let Ok(parts) = read(endpoint, &body) else { continue };
            assert_eq!(read(endpoint, &body).as_ref(), Ok(&parts));
            for opaque in &parts.opaque {
                assert!(body.pointer(&opaque.path).is_some(), "{opaque:?}");
            }
            for part in &parts.parts {
                for place in &part.places {
                    assert!(place.span.cut(&part.text).is_some() && body.pointer(&place.path).is_some(), "{place:?}");
                }
                if let Some(parted) = part.parted() {
                    let all = parted.back(Span { start: 0, end: parted.text.len() });
                    assert_eq!(all, Span { start: 0, end: part.text.len() });
                }
                let mut new = body.clone();
                let edit = Edit { span: Span { start: 0, end: part.text.len() }, text: "*".to_owned() };
                if part.put(&mut new, &[edit]).is_err() {
                    assert_eq!(new, body, "an error changed the body");
                }
            }
        }
    }
});
