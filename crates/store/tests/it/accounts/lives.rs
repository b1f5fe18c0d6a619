//! How an account comes to life and ends, and who may do it to whom.

use store::access::{GrantRefusal, Permission, PersonId, Role};
use store::accounts::{AccountError, AccountId, AccountState, Denied, INVITATION_MS, Owner};
use store::{Change, StoreError, TenantId};

use super::{OTHER_PASSWORD, PASSWORD, accepted, new, now_ms, said, size, three, who, wrong};
use crate::authenticator;
use crate::place::{Fresh, everywhere};

#[test]
fn an_account_is_brought_to_life_by_two_and_acts_through_the_gate() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, zhao] = three(&fresh, &accounts).await;
        let (system, security) = (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        let before = size(&tenant).await;
        assert!(matches!(accounts.create(&security, new("钱四"), "qian").await, Err(AccountError::Denied(Denied::NotHeld { .. }))));
        assert!(matches!(accounts.create(&system, new("钱四"), "Zhao").await, Err(AccountError::Unfit(_))), "capitals are small letters");
        assert_eq!(size(&tenant).await, before, "a refusal leaves no entry");

        let invited = accounts.create(&system, new("钱四"), "qian").await.unwrap();
        assert!(
            matches!(accounts.grant(&security, invited.account, Role::Annotator).await, Err(AccountError::Unfit(_))),
            "not accepted yet"
        );
        assert!(matches!(accounts.accept(&invited.invitation, "qian-2025-0101").await, Err(AccountError::WeakPassword(_))));
        assert_eq!(accounts.accept(&invited.invitation, PASSWORD).await.unwrap(), invited.account);
        assert!(matches!(accounts.accept(&invited.invitation, OTHER_PASSWORD).await, Err(AccountError::NotKnown)), "once");
        let session = accounts.sign_in("qian", PASSWORD, None).await.unwrap();
        let empty = accounts.session(&session).await.unwrap();
        assert!(Permission::ALL.iter().all(|permission| empty.may(*permission).is_err()), "empty until another grants");
        assert!(matches!(accounts.grant(&empty, invited.account, Role::System).await, Err(AccountError::Denied(Denied::NotHeld { .. }))));
        assert!(matches!(
            accounts.grant(&system, invited.account, Role::Annotator).await,
            Err(AccountError::Denied(Denied::NotHeld { .. }))
        ));

        let no_factor = accounts.grant(&security, invited.account, Role::Reviewer).await;
        assert!(matches!(no_factor, Err(AccountError::Grant(GrantRefusal::NoSecondFactor(Role::Reviewer)))), "{no_factor:?}");
        let secret = accounts.offer_second_factor(&empty).await.unwrap().as_bytes().to_vec();
        let code = authenticator::code(&secret, now_ms(&fresh));
        assert!(matches!(accounts.confirm_second_factor(&empty, &wrong(&code)).await, Err(AccountError::Unfit(_))));
        accounts.confirm_second_factor(&empty, &code).await.unwrap();
        accounts.grant(&security, invited.account, Role::Reviewer).await.unwrap();
        let reviewer = accounts.session(&session).await.unwrap();
        assert!(reviewer.step_up_fresh(), "confirming showed it");
        assert_eq!(reviewer.may(Permission::CaseReview), Ok(()));
        let denied = reviewer.may(Permission::RoleGrant).unwrap_err();
        assert!(denied.to_string().contains("role.grant") && denied.to_string().contains("security"), "{denied}");
        assert!(matches!(accounts.sign_in("qian", PASSWORD, None).await, Err(AccountError::SignInFailed)), "now it takes two factors");

        let list = accounts.list(&security, AccountId(0)).await.unwrap();
        assert_eq!(list.iter().map(|one| one.login.as_str()).collect::<Vec<_>>(), ["wang", "li", "zhao", "qian"]);
        assert!(list.iter().all(|one| one.state() == AccountState::Active && one.second_factor && one.accepted));
        assert!(accounts.list(&reviewer, AccountId(0)).await.is_err());

        // What was permitted when the request began is asked again where it counts.
        accounts.revoke(&security, invited.account, Role::Reviewer).await.unwrap();
        assert_eq!(reviewer.may(Permission::CaseReview), Ok(()), "as of then");
        let act = async move |change: &mut Change| Ok(change.permit(&reviewer, Permission::CaseReview).await.map(|_| ())?);
        let late: Result<_, StoreError> = tenant.change(act).await;
        assert!(matches!(late, Err(StoreError::Refused(_))), "{late:?}");
        accounts.disable(&system, invited.account).await.unwrap();
        assert!(matches!(accounts.session(&session).await, Err(AccountError::NotKnown)));
        fresh.later(30_000);
        let code = authenticator::code(&secret, now_ms(&fresh));
        assert!(matches!(accounts.sign_in("qian", PASSWORD, Some(&code)).await, Err(AccountError::SignInFailed)));
        assert!(matches!(accounts.create(&system, new("钱四"), "qian").await, Err(AccountError::Unfit(_))), "names are not given again");
        assert_eq!(accounts.list(&security, zhao.account).await.unwrap()[0].state(), AccountState::Disabled);

        let expected =
            ["user.create", "user.accept", "sign-in", "user.second-factor.offer", "user.second-factor", "role.grant", "sign-in.fail"];
        assert_eq!(said(&tenant, before).await, [&expected[..], &["role.revoke", "user.disable", "sign-in.fail"]].concat());
        let late = accounts.create(&system, new("孙五"), "sun").await.unwrap();
        fresh.later(INVITATION_MS);
        assert!(matches!(accounts.accept(&late.invitation, PASSWORD).await, Err(AccountError::NotKnown)), "too late");
        store.close().await;
    });
}

#[test]
fn roles_exclude_each_other_by_person_over_all_accounts() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, zhao] = three(&fresh, &accounts).await;
        let (system, security) = (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        let (second, person, of_second) = accepted(&accounts, &system, Owner::Known(zhao.person), "zhao.second").await;
        assert_eq!(person, zhao.person);
        assert!(of_second.roles().is_empty(), "the roles of one account are not those of the other");
        for role in [Role::System, Role::Security, Role::Annotator] {
            let refused = accounts.grant(&security, second, role).await;
            assert!(matches!(refused, Err(AccountError::Grant(GrantRefusal::Conflict(..)))), "{role}: {refused:?}");
        }
        let held = accounts.grant(&security, second, Role::Audit).await;
        assert!(matches!(held, Err(AccountError::Grant(GrantRefusal::Held(Role::Audit)))), "{held:?}");
        // To oneself not either, through whatever account.
        let (own, _, _) = accepted(&accounts, &system, Owner::Known(li.person), "li.second").await;
        let refused = accounts.grant(&security, own, Role::PrivacyOfficer).await;
        assert!(matches!(refused, Err(AccountError::Grant(GrantRefusal::ToOneself(_)))), "{refused:?}");
        // None of the three removes another while there is no successor.
        for last in [&wang, &li, &zhao] {
            assert!(matches!(accounts.disable(&system, last.account).await, Err(AccountError::Grant(GrantRefusal::LastOfThree(_)))));
        }
        let refused = accounts.revoke(&security, zhao.account, Role::Audit).await;
        assert!(matches!(refused, Err(AccountError::Grant(GrantRefusal::LastOfThree(Role::Audit)))), "{refused:?}");
        assert!(matches!(
            accounts.create(&system, Owner::Known(PersonId(99)), "nobody").await,
            Err(AccountError::Store(StoreError::NotFound(_)))
        ));
        store.close().await;
    });
}

#[test]
fn two_processes_do_not_grant_past_each_other() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, _] = three(&fresh, &accounts).await;
        let (system, security) = (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        let (account, _, _) = accepted(&accounts, &system, new("钱四"), "qian").await;
        let other = fresh.open().await;
        let beside = other.tenant(&TenantId::main()).await.unwrap().accounts();
        for _ in 0..10 {
            let (a, b) =
                tokio::join!(accounts.grant(&security, account, Role::Assessor), beside.grant(&security, account, Role::ModelEngineer));
            assert!(a.is_ok() != b.is_ok(), "one of two roles that exclude each other: {a:?} {b:?}");
            let granted = if a.is_ok() { Role::Assessor } else { Role::ModelEngineer };
            accounts.revoke(&security, account, granted).await.unwrap();
        }
        other.close().await;
        store.close().await;
    });
}
