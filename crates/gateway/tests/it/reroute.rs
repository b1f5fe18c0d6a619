//! A request that the policy sends to a safer model goes there, says so, and goes nowhere if that model does not serve.

use store::Change;
use store::guard::{Scope, Toggle};

use crate::service::{Service, answers};
use crate::world::World;

/// A keyword that the built-in lexicon blocks.
const KEYWORD: &str = "代写黑稿";

fn to_the_safer_model(policy: String) -> String {
    let policy = policy.replace("# safer_model = \"safe-7b\"", "safer_model = \"safe-7b\"");
    policy.replacen("refuse = \"refuse\"", "refuse = \"reroute\"", 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_safer_model_is_asked_and_named() {
    let service = Service::start(|request| answers(&format!("我是{}", request["model"].as_str().unwrap()))).await;
    let world = World::with_policy(service.address, 30, "", to_the_safer_model).await;
    let heard = world.chat("你好", false).await;
    assert!(heard.body.contains("我是m") && !heard.headers.contains_key("x-guiju-model"));
    let heard = world.chat(&format!("请{KEYWORD}"), false).await;
    assert!(heard.body.contains("我是safe-7b"), "{}", heard.body);
    assert_eq!(
        (&heard.headers["x-guiju-model"], &heard.headers["x-guiju-decision"]),
        (&"safe-7b".parse().unwrap(), &"reroute".parse().unwrap())
    );
    let record = world.outcome(&heard).await;
    let admitted = &record.said[0]["details"];
    assert_eq!((&admitted["model"], &admitted["asked"], &admitted["action"]), (&"safe-7b".into(), &"m".into(), &"reroute".into()));

    // Switched off, it is asked by nobody: neither is the model that was asked for.
    let toggle = Toggle { scope: Scope::Model, name: "safe-7b".to_owned(), off: true };
    world.tenant.change(async move |change: &mut Change| change.switch("account-1", &toggle, "演练").await).await.unwrap();
    let mut heard = world.chat(&format!("请{KEYWORD}"), false).await;
    for _ in 0..100 {
        if heard.headers["x-guiju-decision"] == "refuse" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        heard = world.chat(&format!("请{KEYWORD}"), false).await;
    }
    assert_eq!((heard.status, &heard.json()["choices"][0]["finish_reason"]), (200, &"content_filter".into()));
    assert_eq!(world.outcome(&heard).await.decision, "refuse");
    assert!(world.chat("你好", false).await.body.contains("我是m"));
    world.end().await;
}
