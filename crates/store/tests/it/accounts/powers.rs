//! What tokens and approvals are good for, and what for not.

use serde_json::json;
use store::access::{APPROVAL_MS, ApprovalRefusal, GrantRefusal, Permission, Role};
use store::accounts::{AccountError, DENIED_EVERY_MS, Denied, MAX_TOKEN_MS, NewToken, Who};
use store::guard::{BREAK_GLASS_MS, Scope, Toggle};
use store::{Change, StoreError};

use super::{OTHER_PASSWORD, PASSWORD, accepted, new, now_ms, said, size, three, who};
use crate::place::{Fresh, everywhere};

#[test]
fn what_was_denied_is_in_the_log_once_a_minute() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, _] = three(&fresh, &accounts).await;
        let (system, security) = (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        let before = size(&tenant).await;
        let denied = system.may(Permission::LedgerExport).unwrap_err();
        for _ in 0..5 {
            accounts.record_denied(&system, "ledger export", &denied).await.unwrap();
        }
        // Another account has a minute of its own; what only lacks the second factor or the second person is how such an act begins.
        accounts.record_denied(&security, "user list", &security.may(Permission::LedgerRead).unwrap_err()).await.unwrap();
        accounts.record_denied(&security, "keys rotate", &Denied::StepUp).await.unwrap();
        assert_eq!(said(&tenant, before).await, ["access.denied"; 2]);
        fresh.later(DENIED_EVERY_MS);
        accounts.record_denied(&system, "ledger export", &denied).await.unwrap();
        let entries = tenant.entries(before, 10).await.unwrap();
        let told = |at: usize| entries[at].said.clone().unwrap();
        assert_eq!((entries.len(), &told(0)["by"]), (3, &json!(system.account().to_string())));
        assert_eq!(told(0)["details"], json!({ "what": "ledger export", "permission": "ledger.export", "attempts": 1 }));
        assert_eq!(told(2)["details"]["attempts"], 5, "the four that were not said, and this one");
        // A clock that was set back keeps nothing out of the log.
        fresh.later(-10_000_000);
        accounts.record_denied(&system, "ledger export", &denied).await.unwrap();
        assert_eq!(size(&tenant).await, before + 4);
        store.close().await;
    });
}

#[test]
fn a_token_does_what_it_was_issued_for_until_it_ends() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, _] = three(&fresh, &accounts).await;
        let (system, security) = (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        let (account, _, gateway) = accepted(&accounts, &system, new("钱四"), "gateway").await;
        accounts.grant(&security, account, Role::Monitor).await.unwrap();
        let day = now_ms(&fresh) + 86_400_000;
        let ask = |scopes: &[Permission], expires_ms| NewToken { account, name: "网关".to_owned(), scopes: scopes.to_vec(), expires_ms };

        let unheld = accounts.issue_token(&security, ask(&[Permission::JobRead], day)).await;
        assert!(matches!(unheld, Err(AccountError::Denied(Denied::NotHeld { .. }))), "{unheld:?}");
        let step_up = accounts.issue_token(&security, ask(&[Permission::PrivacyErase], day)).await;
        assert!(matches!(step_up, Err(AccountError::Denied(Denied::SignInFor(_)))), "{step_up:?}");
        for expires_ms in [now_ms(&fresh), now_ms(&fresh) + MAX_TOKEN_MS + 1] {
            assert!(matches!(
                accounts.issue_token(&security, ask(&[Permission::ServiceRead], expires_ms)).await,
                Err(AccountError::Unfit(_))
            ));
        }
        assert!(matches!(accounts.issue_token(&gateway, ask(&[Permission::ServiceRead], day)).await, Err(AccountError::Denied(_))));
        let own = NewToken { account: li.account, ..ask(&[Permission::ServiceRead], day) };
        assert!(matches!(accounts.issue_token(&security, own).await, Err(AccountError::Grant(GrantRefusal::ToOneself(_)))));

        let id = accounts.issue_token(&security, ask(&[Permission::ServiceRead], day)).await.unwrap();
        assert!(matches!(accounts.collect_token(&security, &id).await, Err(AccountError::NotKnown)), "who issued it never has it");
        let token = accounts.collect_token(&gateway, &id).await.unwrap();
        assert!(matches!(accounts.collect_token(&gateway, &id).await, Err(AccountError::NotKnown)), "shown once");
        let bearer = accounts.bearer(&token).await.unwrap();
        assert_eq!(accounts.bearer_of(&token.text()).await.unwrap().account(), bearer.account());
        assert!(matches!(accounts.bearer_of("guiju_no-token").await, Err(AccountError::NotKnown)));
        assert_eq!(bearer.may(Permission::ServiceRead), Ok(()));
        assert_eq!(bearer.may(Permission::BanChange), Err(Denied::OutOfScope(Permission::BanChange)));
        assert!(matches!(accounts.change_password(&bearer, PASSWORD, OTHER_PASSWORD).await, Err(AccountError::Denied(Denied::SignIn))));
        assert!(matches!(accounts.collect_token(&bearer, &id).await, Err(AccountError::Denied(Denied::SignIn))));
        assert!(matches!(accounts.session(&token).await, Err(AccountError::NotKnown)), "a token is no session");
        assert_eq!(accounts.tokens(&gateway, account).await.unwrap()[0].used_ms, Some(now_ms(&fresh)));
        let gone = accounts.issue_token(&security, ask(&[Permission::ServiceRead], day)).await.unwrap();
        let gone_token = accounts.collect_token(&gateway, &gone).await.unwrap();
        accounts.revoke_token(&system, &gone).await.unwrap();
        assert!(matches!(accounts.bearer(&gone_token).await, Err(AccountError::NotKnown)));

        // It can do no more than its account.
        accounts.revoke(&security, account, Role::Monitor).await.unwrap();
        assert!(matches!(accounts.bearer(&token).await.unwrap().may(Permission::ServiceRead), Err(Denied::NotHeld { .. })));
        fresh.later(86_400_000 - 1);
        accounts.bearer(&token).await.unwrap();
        fresh.later(1);
        assert!(matches!(accounts.bearer(&token).await, Err(AccountError::NotKnown)));
        store.close().await;
    });
}

#[test]
fn two_of_the_three_act_on_one_object_once() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, zhao] = three(&fresh, &accounts).await;
        let (system, security, audit) =
            (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await, who(&fresh, &accounts, &zhao).await);
        let act = Permission::KeyDestroy;
        assert!(matches!(security.may(act), Err(Denied::TwoPersons { .. })));
        assert!(matches!(accounts.propose(&system, act, "key-1").await, Err(AccountError::Denied(Denied::NotHeld { .. }))));
        assert!(matches!(
            accounts.propose(&security, Permission::RoleGrant, "x").await,
            Err(AccountError::Approval(ApprovalRefusal::OnePersonActs(_)))
        ));
        let before = size(&tenant).await;
        let id = accounts.propose(&security, act, "key-1").await.unwrap();
        assert!(matches!(accounts.execute(&security, &id, "key-1").await, Err(AccountError::Approval(ApprovalRefusal::NotApproved))));
        assert!(matches!(accounts.approve(&security, &id).await, Err(AccountError::Approval(ApprovalRefusal::SamePerson(_)))));
        assert_eq!(accounts.open_approvals(&audit).await.unwrap()[0].state.object(), "key-1");
        accounts.approve(&audit, &id).await.unwrap();
        assert!(matches!(accounts.execute(&security, &id, "key-2").await, Err(AccountError::Approval(ApprovalRefusal::OtherObject))));
        assert!(matches!(accounts.execute(&system, &id, "key-1").await, Err(AccountError::Denied(_))));
        // An act that fails leaves the approval as it was.
        let (by, word) = (security.clone(), id.clone());
        let failed = tenant.change(async move |change: &mut Change| {
            change.execute_approval(&by, &word, "key-1").await?;
            Err::<(), _>(StoreError::Refused("the disk is full".to_owned()))
        });
        failed.await.unwrap_err();
        let consent = accounts.execute(&security, &id, "key-1").await.unwrap();
        assert_eq!(consent.covers(act, "key-1"), Ok(()));
        assert!(consent.covers(act, "key-2").is_err() && consent.covers(Permission::BulkExport, "key-1").is_err());
        assert!(matches!(accounts.execute(&security, &id, "key-1").await, Err(AccountError::Approval(ApprovalRefusal::Finished))), "once");
        assert_eq!(said(&tenant, before).await, ["act.propose", "act.approve", "key.destroy"]);

        let refused = accounts.propose(&security, act, "key-2").await.unwrap();
        accounts.refuse(&system, &refused).await.unwrap();
        assert!(matches!(accounts.approve(&audit, &refused).await, Err(AccountError::Approval(ApprovalRefusal::Finished))));
        let late = accounts.propose(&security, act, "key-3").await.unwrap();
        fresh.later(APPROVAL_MS);
        let audit = who(&fresh, &accounts, &zhao).await;
        assert!(matches!(accounts.approve(&audit, &late).await, Err(AccountError::Approval(ApprovalRefusal::Expired))));
        assert!(accounts.open_approvals(&audit).await.unwrap().is_empty());
        store.close().await;
    });
}

#[test]
fn what_two_want_switched_off_is_switched_with_their_approval_or_not_at_all() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, _] = three(&fresh, &accounts).await;
        let (system, security) = (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        let off = |name: &str| Toggle { scope: Scope::Model, name: name.to_owned(), off: true };
        let throw = async |approval: &str, toggle: Toggle| {
            let (who, approval) = (security.clone(), approval.to_owned());
            let work = async move |change: &mut Change| Ok(change.switch_approved(&who, &approval, &toggle, "事故").await?);
            tenant.change(work).await
        };
        let id = accounts.propose(&security, Permission::KillSwitch, &off("qwen").object()).await.unwrap();
        assert!(throw(&id, off("qwen")).await.is_err(), "nobody has approved it");
        accounts.approve(&system, &id).await.unwrap();
        assert!(throw(&id, off("glm")).await.is_err(), "approved for another model");
        assert!(tenant.switches().await.unwrap().is_empty());
        let before = size(&tenant).await;
        throw(&id, off("qwen")).await.unwrap();
        assert_eq!(
            (tenant.switches().await.unwrap().len(), said(&tenant, before).await.as_slice()),
            (1, ["kill-switch", "switch.off"].map(str::to_owned).as_slice())
        );
        assert!(throw(&id, off("qwen")).await.is_err(), "once");

        // What fails leaves the approval as it was: it is off already, and somebody may yet switch it on before.
        let again = accounts.propose(&security, Permission::KillSwitch, &off("qwen").object()).await.unwrap();
        accounts.approve(&system, &again).await.unwrap();
        assert!(throw(&again, off("qwen")).await.is_err());
        let on = Toggle { off: false, ..off("qwen") };
        tenant.change(async move |change: &mut Change| change.switch("account-1", &on, "恢复").await).await.unwrap();
        throw(&again, off("qwen")).await.unwrap();
        store.close().await;
    });
}

#[test]
fn what_one_person_switches_off_alone_is_on_again_unless_another_joins() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, zhao] = three(&fresh, &accounts).await;
        let (system, security) = (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        let off = Toggle { scope: Scope::Model, name: "qwen".to_owned(), off: true };
        let pull = async |who: &Who| {
            let (who, off) = (who.clone(), off.clone());
            tenant.change(async move |change: &mut Change| Ok(change.break_glass(&who, &off, "线上泄露").await?)).await
        };
        let auditor = who(&fresh, &accounts, &zhao).await;
        assert!(pull(&auditor).await.is_err(), "the auditor stops nothing");
        let before = size(&tenant).await;
        let first = pull(&security).await.unwrap().0;
        assert_eq!(first.expires_ms, now_ms(&fresh) + BREAK_GLASS_MS);
        assert_eq!(said(&tenant, before).await, ["act.propose", "switch.break-glass"]);
        let listed = tenant.switches().await.unwrap();
        assert_eq!((listed.len(), listed[0].expires_ms), (1, Some(first.expires_ms)));
        assert_eq!(tenant.guard().await.unwrap().switches, listed);
        assert!(pull(&system).await.is_err(), "it is off already");

        // Nobody joins: it is on again, and the same person does not pull it again; another does.
        fresh.later(BREAK_GLASS_MS);
        assert!(tenant.switches().await.unwrap().is_empty());
        let (system, security) = (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        assert!(pull(&security).await.unwrap_err().to_string().contains("alone within the last 24 hours"));
        let second = pull(&system).await.unwrap().0;

        // A second person joins: it stands until it is switched on.
        accounts.approve(&security, &second.approval).await.unwrap();
        let (by, toggle) = (system.clone(), off.clone());
        let work = async move |change: &mut Change| Ok(change.switch_approved(&by, &second.approval, &toggle, "线上泄露").await?);
        tenant.change(work).await.unwrap();
        fresh.later(BREAK_GLASS_MS);
        assert_eq!(tenant.switches().await.unwrap()[0].expires_ms, None);
        let on = Toggle { off: false, ..off.clone() };
        tenant.change(async move |change: &mut Change| change.switch("account-1", &on, "恢复").await).await.unwrap();
        assert!(tenant.switches().await.unwrap().is_empty());
        store.close().await;
    });
}
