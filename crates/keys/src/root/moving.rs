//! A store on its way from one root to another: what is wrapped is wrapped by the new root, what is unwrapped may be of either.
//!
//! It lives as long as the move, which wraps every tenant key anew; afterwards the old root opens nothing of the store any more.

use std::sync::Arc;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Root, RootError, unwrap_key, wrap_key};
use crate::key::KeyRef;

/// The old root and the new one.
pub struct Moving {
    /// What wrapped the keys so far.
    pub old: Arc<dyn Root>,
    /// What wraps them from now on.
    pub new: Arc<dyn Root>,
}

impl Moving {
    /// Wraps a key of [`wrap_key`]'s by the new root, and opens it again before it is given back: what cannot be opened must not take the place of what can.
    /// `None` if the new root wraps it already.
    ///
    /// # Errors
    /// A root cannot be reached, neither opens the key, or the new root does not give back what it wrapped.
    pub fn rewrap(&self, key_ref: KeyRef, purpose: &str, wrapped: &[u8]) -> Result<Option<Vec<u8>>, RootError> {
        match unwrap_key(&*self.new, key_ref, purpose, wrapped) {
            Err(RootError::Refused) => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok(None),
        }
        let key = unwrap_key(&*self.old, key_ref, purpose, wrapped)?;
        let again = wrap_key(&*self.new, &key, purpose)?;
        let back = unwrap_key(&*self.new, key_ref, purpose, &again)?;
        if bool::from(back.secret().ct_eq(key.secret())) { Ok(Some(again)) } else { Err(RootError::Refused) }
    }
}

impl Root for Moving {
    fn name(&self) -> String {
        self.new.name()
    }

    fn wrap(&self, key: &[u8], context: &[u8]) -> Result<Vec<u8>, RootError> {
        self.new.wrap(key, context)
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
        // Only where the new root says that it did not wrap this: one that cannot be reached says nothing.
        match self.new.unwrap(wrapped, context) {
            Err(RootError::Refused) => self.old.unwrap(wrapped, context),
            done => done,
        }
    }

    fn health(&self) -> Result<(), RootError> {
        self.old.health().and_then(|()| self.new.health())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::DataKey;
    use crate::root::PassphraseRoot;
    use crate::root::folder::Folder;

    /// A root that cannot be reached.
    struct Gone;

    impl Root for Gone {
        fn name(&self) -> String {
            "gone".to_owned()
        }

        fn wrap(&self, _: &[u8], _: &[u8]) -> Result<Vec<u8>, RootError> {
            Err(RootError::Unreachable { root: self.name(), reason: "gone".to_owned() })
        }

        fn unwrap(&self, _: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootError> {
            self.wrap(&[], context).map(Zeroizing::new)
        }

        fn health(&self) -> Result<(), RootError> {
            self.wrap(&[], &[]).map(drop)
        }
    }

    #[test]
    fn both_roots_are_opened_and_the_new_one_wraps() {
        let folder = Folder::new("moving");
        let root = |name: &str| Arc::new(PassphraseRoot::create(&folder.0.join(name), "correct horse battery").unwrap());
        let (old, new) = (root("old"), root("new"));
        let before = old.wrap(b"key", b"context").unwrap();
        let moving = Moving { old: Arc::<PassphraseRoot>::clone(&old), new: Arc::<PassphraseRoot>::clone(&new) };
        assert_eq!(moving.health(), Ok(()));
        assert_eq!(moving.unwrap(&before, b"context").unwrap().as_slice(), b"key");
        let after = moving.wrap(b"key", b"context").unwrap();
        assert_eq!(moving.unwrap(&after, b"context").unwrap().as_slice(), b"key");
        assert_eq!((old.unwrap(&after, b"context"), new.unwrap(&before, b"context")), (Err(RootError::Refused), Err(RootError::Refused)));
        assert_eq!(moving.unwrap(&after, b"another"), Err(RootError::Refused));
        let tenant = DataKey::generate().unwrap();
        let wrapped = wrap_key(&*old, &tenant, "tenant").unwrap();
        let again = moving.rewrap(tenant.reference(), "tenant", &wrapped).unwrap().unwrap();
        assert_eq!(unwrap_key(&*new, tenant.reference(), "tenant", &again).unwrap().secret(), tenant.secret());
        assert_eq!(moving.rewrap(tenant.reference(), "tenant", &again), Ok(None));
        assert_eq!(moving.rewrap(tenant.reference(), "backup", &wrapped), Err(RootError::Refused));
        let unreachable = Moving { old, new: Arc::new(Gone) };
        assert!(matches!(unreachable.unwrap(&before, b"context"), Err(RootError::Unreachable { .. })));
    }
}
