//! What is kept apart: secrets from files, tenants from each other.

use store::access::{CeremonyRefusal, Permission, Role};
use store::accounts::{AccountError, NewToken};
use store::{Change, TenantId};

use super::{OTHER_PASSWORD, PASSWORD, new, now_ms, sign_in, three, who};
use crate::authenticator;
use crate::place::{Fresh, everywhere, holding};

#[test]
fn no_file_holds_a_secret() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, _] = three(&fresh, &accounts).await;
        let (session, security) = (sign_in(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        let system = accounts.session(&session).await.unwrap();
        let invited = accounts.create(&system, new("钱四"), "qian").await.unwrap();
        accounts.accept(&invited.invitation, OTHER_PASSWORD).await.unwrap();
        let qian = accounts.session(&accounts.sign_in("qian", OTHER_PASSWORD, None).await.unwrap()).await.unwrap();
        let pending = accounts.offer_second_factor(&qian).await.unwrap();
        accounts.grant(&security, invited.account, Role::Monitor).await.unwrap();
        let new = NewToken {
            account: invited.account,
            name: "网关".to_owned(),
            scopes: vec![Permission::ServiceRead],
            expires_ms: now_ms(&fresh) + 1_000,
        };
        let id = accounts.issue_token(&security, new).await.unwrap();
        let token = accounts.collect_token(&qian, &id).await.unwrap();
        let files = fresh.directory.path();
        if fresh.place.database.is_none() {
            assert!(!holding(files, "钱四".as_bytes()).is_empty(), "what is no secret is found");
        }
        let rows = fresh.ask("guiju.db", "SELECT password, totp, totp_pending FROM account ORDER BY account").await;
        let stored: Vec<u8> = rows.iter().flat_map(|row| [sqlx::Row::get::<Vec<u8>, _>(row, 1), sqlx::Row::get(row, 2)].concat()).collect();
        let texts = [&session, &invited.invitation, &token].map(|secret| secret.text());
        let mut secrets: Vec<&[u8]> = vec![OTHER_PASSWORD.as_bytes(), PASSWORD.as_bytes(), &wang.secret, pending.as_bytes()];
        secrets.extend(texts.iter().map(|text| &text.as_bytes()["guiju_".len()..]));
        let raw: Vec<Vec<u8>> = texts.iter().map(|text| authenticator::base32(&text["guiju_".len()..])[..32].to_vec()).collect();
        secrets.extend(raw.iter().map(Vec::as_slice));
        for secret in &secrets {
            assert_eq!(holding(files, secret), Vec::<String>::new());
            assert!(!stored.windows(secret.len()).any(|window| window == *secret));
        }
        store.close().await;
        for secret in secrets {
            assert_eq!(holding(files, secret), Vec::<String>::new());
        }
    });
}

#[test]
fn who_is_somebody_in_one_tenant_is_nobody_in_another() {
    everywhere(async |fresh: Fresh| {
        let store = fresh.open().await;
        let make = async |name: &str| store.create_tenant(&name.parse::<TenantId>().unwrap(), "audit.example.cn", "test").await.unwrap();
        let (a, b) = (make("tenant-a").await, make("tenant-b").await);
        let (of_a, of_b) = (a.accounts(), b.accounts());
        let [wang, ..] = three(&fresh, &of_a).await;
        assert!(matches!(of_b.sign_in("wang", PASSWORD, None).await, Err(AccountError::Ceremony(CeremonyRefusal::NotComplete))));
        let [other, ..] = three(&fresh, &of_b).await;
        let session = sign_in(&fresh, &of_a, &wang).await;
        let system = of_a.session(&session).await.unwrap();
        assert!(matches!(of_b.session(&session).await, Err(AccountError::NotKnown)));
        assert!(
            matches!(of_b.create(&system, new("钱四"), "qian").await, Err(AccountError::NotKnown)),
            "asked again in the other's transaction"
        );
        let act = async move |change: &mut Change| Ok(change.permit(&system, Permission::UserCreate).await.map(|_| ())?);
        assert!(b.change(act).await.is_err());
        fresh.later(30_000);
        let crossed = of_b.sign_in(other.login, PASSWORD, Some(&wang.code(&fresh))).await;
        assert!(matches!(crossed, Err(AccountError::SignInFailed)));
        store.close().await;
    });
}
