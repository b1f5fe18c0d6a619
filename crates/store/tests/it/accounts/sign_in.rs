//! Signing in, and failing to; sessions and what ends them.

use std::time::{Duration, Instant};

use store::TenantId;
use store::access::{ADMINISTRATOR_IDLE_MS, FIRST_LOCK_MS, FREE_FAILURES, IDLE_MS, Permission, Role, STEP_UP_MS, SessionEnd};
use store::accounts::{AccountError, AccountId, Denied, MAX_SESSIONS};

use super::{OTHER_PASSWORD, PASSWORD, accepted, new, now_ms, said, sign_in, size, three, who, wrong};
use crate::place::{Fresh, everywhere};

#[test]
fn failures_lock_an_account_and_a_restart_does_not_open_it() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, _] = three(&fresh, &accounts).await;
        fresh.later(30_000);
        // A right password with a wrong code is a failure like any other.
        let code = wang.code(&fresh);
        assert!(matches!(accounts.sign_in("wang", PASSWORD, Some(&wrong(&code))).await, Err(AccountError::SignInFailed)));
        for _ in 0..4 {
            assert!(matches!(accounts.sign_in("wang", OTHER_PASSWORD, Some(&code)).await, Err(AccountError::SignInFailed)));
        }
        store.close().await;
        let store = fresh.open().await;
        let tenant = store.tenant(&TenantId::main()).await.unwrap();
        let accounts = tenant.accounts();
        let locked = accounts.sign_in("wang", PASSWORD, Some(&code)).await;
        assert!(matches!(locked, Err(AccountError::SignInFailed)), "locked, and the answer does not say so: {locked:?}");
        assert_eq!(
            tenant.entries(0, 100).await.unwrap().last().unwrap().said.as_ref().unwrap()["details"]["locked_until_ms"],
            now_ms(&fresh) + FIRST_LOCK_MS
        );
        // The security administrator lifts it; a code that was never accepted is still good.
        let security = who(&fresh, &accounts, &li).await;
        accounts.unlock(&security, wang.account).await.unwrap();
        let code = wang.code(&fresh);
        accounts.sign_in("WANG", PASSWORD, Some(&code)).await.unwrap();
        assert!(matches!(accounts.sign_in("wang", PASSWORD, Some(&code)).await, Err(AccountError::SignInFailed)), "a code is good once");
        // Two at the same time with one code: one gets in.
        fresh.later(30_000);
        let code = wang.code(&fresh);
        let (a, b) = tokio::join!(accounts.sign_in("wang", PASSWORD, Some(&code)), accounts.sign_in("wang", PASSWORD, Some(&code)));
        assert!(a.is_ok() != b.is_ok());
        // Tries in parallel get no guess more than one after the other.
        let guess = || {
            let accounts = accounts.clone();
            tokio::spawn(async move { accounts.sign_in("wang", OTHER_PASSWORD, None).await.unwrap_err() })
        };
        for guess in (0..8).map(|_| guess()).collect::<Vec<_>>() {
            guess.await.unwrap();
        }
        assert_eq!(accounts.list(&security, AccountId(0)).await.unwrap()[0].failures, FREE_FAILURES);
        // The lock ends by itself.
        fresh.later(FIRST_LOCK_MS);
        accounts.sign_in("wang", PASSWORD, Some(&wang.code(&fresh))).await.unwrap();
        store.close().await;
    });
}

#[test]
fn a_name_that_nobody_has_gets_the_same_answer_after_the_same_work() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        three(&fresh, &accounts).await;
        let before = size(&tenant).await;
        let mut hash = Duration::MAX;
        let mut unknown = Duration::MAX;
        for _ in 0..3 {
            let begun = Instant::now();
            keys::password::verify(PASSWORD, None).unwrap();
            hash = hash.min(begun.elapsed());
            let begun = Instant::now();
            let stranger = accounts.sign_in("nobody", PASSWORD, None).await.unwrap_err();
            unknown = unknown.min(begun.elapsed());
            assert_eq!(stranger.to_string(), accounts.sign_in("wang", OTHER_PASSWORD, None).await.unwrap_err().to_string());
        }
        assert!(unknown > hash / 2, "an unknown name took {unknown:?}, a hash takes {hash:?}");
        accounts.sign_in("no name at all\0", PASSWORD, None).await.unwrap_err();
        assert_eq!(said(&tenant, before).await, ["sign-in.fail"; 7], "each is recorded");
        let last = tenant.entries(before, 100).await.unwrap().pop().unwrap().said.unwrap();
        assert!(!last.to_string().contains("no name at all"), "what was typed is not: it may be a password");
        store.close().await;
    });
}

#[test]
fn sessions_end_and_a_second_factor_gets_stale() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, _] = three(&fresh, &accounts).await;
        let session = sign_in(&fresh, &accounts, &li).await;
        let security = accounts.session(&session).await.unwrap();
        assert!(security.step_up_fresh() && security.may(Permission::RoleGrant).is_ok());
        fresh.later(STEP_UP_MS);
        let security = accounts.session(&session).await.unwrap();
        assert_eq!((security.may(Permission::RoleGrant), security.may(Permission::SessionEnd)), (Err(Denied::StepUp), Ok(())));
        assert!(matches!(accounts.grant(&security, wang.account, Role::Monitor).await, Err(AccountError::Denied(Denied::StepUp))));
        let code = li.code(&fresh);
        assert!(matches!(accounts.step_up(&security, &wrong(&code)).await, Err(AccountError::SignInFailed)));
        accounts.step_up(&security, &code).await.unwrap();
        assert!(matches!(accounts.step_up(&security, &code).await, Err(AccountError::SignInFailed)), "a code is good once");
        let security = accounts.session(&session).await.unwrap();
        assert_eq!(security.may(Permission::RoleGrant), Ok(()));
        // Work prolongs it, idleness ends it.
        fresh.later(ADMINISTRATOR_IDLE_MS - 1);
        accounts.session(&session).await.unwrap();
        fresh.later(ADMINISTRATOR_IDLE_MS - 1);
        accounts.session(&session).await.unwrap();
        fresh.later(ADMINISTRATOR_IDLE_MS);
        assert!(matches!(accounts.session(&session).await, Err(AccountError::SessionOver(SessionEnd::Idle))));

        let system = who(&fresh, &accounts, &wang).await;
        let (account, _, empty) = accepted(&accounts, &system, new("钱四"), "qian").await;
        // Whoever finds an open session a while later puts no second factor of their own on the account.
        fresh.later(STEP_UP_MS);
        assert!(matches!(accounts.offer_second_factor(&empty).await, Err(AccountError::Denied(Denied::StepUp))));
        fresh.later(IDLE_MS - STEP_UP_MS - 1);
        let mut sessions = Vec::new();
        for _ in 0..MAX_SESSIONS {
            fresh.later(1);
            sessions.push(accounts.sign_in("qian", PASSWORD, None).await.unwrap());
        }
        let [first, .., last] = &sessions[..] else { panic!() };
        assert!(accounts.session(first).await.is_ok());
        let other = accounts.sign_in("qian", PASSWORD, None).await.unwrap();
        assert!(matches!(accounts.session(first).await, Err(AccountError::NotKnown)), "the oldest makes room");
        let qian = accounts.session(last).await.unwrap();
        assert!(matches!(accounts.change_password(&qian, OTHER_PASSWORD, PASSWORD).await, Err(AccountError::SignInFailed)));
        assert!(matches!(accounts.change_password(&qian, PASSWORD, "short").await, Err(AccountError::WeakPassword(_))));
        accounts.change_password(&qian, PASSWORD, OTHER_PASSWORD).await.unwrap();
        assert!(accounts.session(last).await.is_ok() && accounts.session(&other).await.is_err(), "the others end");
        accounts.sign_in("qian", PASSWORD, None).await.unwrap_err();
        accounts.sign_out(last).await.unwrap();
        assert!(matches!(accounts.session(last).await, Err(AccountError::NotKnown)));
        let session = accounts.sign_in("qian", OTHER_PASSWORD, None).await.unwrap();
        let security = who(&fresh, &accounts, &li).await;
        assert_eq!(accounts.end_sessions(&security, account).await.unwrap(), 1);
        assert!(accounts.session(&session).await.is_err());
        store.close().await;
    });
}
