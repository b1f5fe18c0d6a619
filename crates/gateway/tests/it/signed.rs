//! Whoever signs for a user speaks for that user, and nobody else does.

use serde_json::{Value, json};

use crate::service::{Service, answers};
use crate::world::{World, asking, client, hear};

/// The example of docs/formats/gateway.md: 张三, signed at 1,800,000,000 seconds.
const EXAMPLE: &str = "v1.web.1800000000.5byg5LiJ.f55d3b39d546dee0738c0807ae800c7624a4a79af511ef4349ded24a5953fe6b";
const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_header_goes_before_the_body() {
    let service = Service::start(|_| answers("好")).await;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), SECRET).unwrap();
    let keys = format!("[signed_user]\n[[signed_user.key]]\nid = \"web\"\nsecret_file = {:?}\n", secret.path());
    let world = World::new(service.address, 30, &keys).await;
    let now_s = world.tenant.now() / 1_000;
    world.wrong_by.store((1_800_000_000 - now_s) * 1_000, std::sync::atomic::Ordering::SeqCst);
    let person = async |heard: &crate::world::Heard| {
        world.outcome(heard).await;
        world.tenant.request(heard.request().parse().unwrap()).await.unwrap().person
    };
    let ask = async |header: Option<&str>, body: &Value| {
        let request = client().post(world.url("/v1/chat/completions")).header("content-type", "application/json").body(body.to_string());
        let request = header.into_iter().fold(request, |request, header| request.header("x-guiju-user", header));
        hear(request.send().await.unwrap()).await
    };
    let mut body = asking("你好", false);
    body["user"] = json!("李四");
    let heard = ask(Some(EXAMPLE), &body).await;
    assert_eq!(person(&heard).await, world.tenant.person_label("张三").await.unwrap());
    assert_eq!(person(&ask(None, &body).await).await, world.tenant.person_label("李四").await.unwrap());
    let forged = EXAMPLE.replace("5byg5LiJ", "5p2O5Zub");
    assert_eq!(ask(Some(&forged), &body).await.error(), (401, "user_signature_wrong".to_owned()));
    world.wrong_by.fetch_add(400_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(ask(Some(EXAMPLE), &body).await.error(), (401, "user_signature_expired".to_owned()));
    assert_eq!(service.seen.asked.load(std::sync::atomic::Ordering::SeqCst), 2, "nothing of it left the gateway");
    world.end().await;
}
