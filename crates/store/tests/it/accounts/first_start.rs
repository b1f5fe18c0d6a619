//! The first start makes the three administrators, and nothing else can.

use store::access::{CEREMONY_MS, Ceremony, CeremonyRefusal, Role};
use store::accounts::AccountError;

use super::{PASSWORD, now_ms, said, wrong};
use crate::authenticator;
use crate::place::{Fresh, everywhere};

#[test]
fn the_first_start_makes_three_persons_and_burns_its_token() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let refused = accounts.sign_in("wang", PASSWORD, None).await;
        assert!(matches!(refused, Err(AccountError::Ceremony(CeremonyRefusal::NotComplete))), "{refused:?}");
        let lost = accounts.begin_ceremony().await.unwrap();
        accounts.appoint(&lost, Role::System, "王一", "wang", PASSWORD).await.unwrap();

        // Begun anew: whoever was appointed is forgotten, and the lost token is nothing.
        let token = accounts.begin_ceremony().await.unwrap();
        let refused = accounts.appoint(&lost, Role::System, "王一", "wang", PASSWORD).await;
        assert!(matches!(refused, Err(AccountError::Ceremony(CeremonyRefusal::WrongToken))), "{refused:?}");
        let weak = accounts.appoint(&token, Role::System, "王一", "wang", "wang-2025-0101").await;
        assert!(matches!(weak, Err(AccountError::WeakPassword(_))), "{weak:?}");
        let wang = accounts.appoint(&token, Role::System, "王一", "wang", PASSWORD).await.unwrap();
        let same = accounts.appoint(&token, Role::Audit, "王一", "wang2", PASSWORD).await;
        assert!(matches!(same, Err(AccountError::Ceremony(CeremonyRefusal::SamePerson { .. }))), "{same:?}");
        let taken = accounts.appoint(&token, Role::Security, "李二", "wang", PASSWORD).await;
        assert!(matches!(taken, Err(AccountError::Unfit(_))), "{taken:?}");
        let business = accounts.appoint(&token, Role::Reviewer, "李二", "li", PASSWORD).await;
        assert!(matches!(business, Err(AccountError::Ceremony(CeremonyRefusal::NotAdministrator(_)))), "{business:?}");
        let code = authenticator::code(wang.second_factor.as_bytes(), now_ms(&fresh));
        assert!(matches!(accounts.enrol(&token, wang.account, &wrong(&code)).await, Err(AccountError::Unfit(_))));
        accounts.enrol(&token, wang.account, &code).await.unwrap();
        for (role, name, login) in [(Role::Security, "李二", "li"), (Role::Audit, "赵三", "zhao")] {
            let early = accounts.finish_ceremony(&token).await;
            assert!(matches!(early, Err(AccountError::Ceremony(CeremonyRefusal::SeatEmpty(_)))), "{early:?}");
            assert!(matches!(accounts.sign_in("wang", PASSWORD, Some(&code)).await, Err(AccountError::Ceremony(_))));
            let appointed = accounts.appoint(&token, role, name, login, PASSWORD).await.unwrap();
            if role == Role::Audit {
                let bare = accounts.finish_ceremony(&token).await;
                assert!(matches!(bare, Err(AccountError::Ceremony(CeremonyRefusal::NoSecondFactor(Role::Audit)))), "{bare:?}");
            }
            let code = authenticator::code(appointed.second_factor.as_bytes(), now_ms(&fresh));
            accounts.enrol(&token, appointed.account, &code).await.unwrap();
        }
        fresh.later(CEREMONY_MS);
        assert!(matches!(accounts.finish_ceremony(&token).await, Err(AccountError::Ceremony(CeremonyRefusal::Expired))));
        fresh.later(-60_000);
        accounts.finish_ceremony(&token).await.unwrap();
        assert!(matches!(accounts.ceremony().await.unwrap(), Some(Ceremony::Complete { .. })));
        for over in [accounts.begin_ceremony().await.map(|_| ()), accounts.finish_ceremony(&token).await] {
            assert!(matches!(over, Err(AccountError::Ceremony(CeremonyRefusal::Complete))), "{over:?}");
        }
        let steps = ["tenant.create", "ceremony.begin", "ceremony.appoint", "ceremony.begin"];
        let rest = [["ceremony.appoint", "ceremony.enrol"]; 3].concat();
        assert_eq!(said(&tenant, 0).await, [&steps[..], &rest, &["ceremony.finish"]].concat(), "each step has one entry, a refusal none");
        store.close().await;
    });
}
