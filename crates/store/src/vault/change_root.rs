//! The tenant keys on their way from one root to another. They are few; the keys below them, and all that was sealed, stay as they are.

use keys::root::Moving;
use sqlx::{AnyConnection, Connection, Row};

use super::{Vault, context, reference, refused};
use crate::StoreError;
use crate::tenant::TenantId;

/// A tenant key, and how it is to be wrapped.
struct Again {
    version: i64,
    was: Vec<u8>,
    becomes: Vec<u8>,
}

impl Vault {
    /// Wraps every key of a tenant by the new root, and says how many were not yet. All versions of a tenant's key change in one transaction; a crash between
    /// two tenants leaves some for the next call. A rotation that comes between is seen by the next round: it holds the rows that it builds on.
    pub(crate) async fn change_root(&self, tenant: &TenantId, roots: &Moving) -> Result<u64, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let mut moved = 0;
        loop {
            let behind = behind(&mut connection, tenant, roots).await?;
            if behind.is_empty() {
                return Ok(moved);
            }
            let mut transaction = connection.begin_with(self.dialect.begin()).await?;
            for Again { version, was, becomes } in behind {
                let sql = "UPDATE tenant_key SET wrapped = $3, root = $4 WHERE tenant = $1 AND version = $2 AND wrapped = $5";
                let query = tenant.query(sql).bind(version).bind(becomes).bind(roots.new.name()).bind(was);
                moved += query.execute(&mut *transaction).await?.rows_affected();
            }
            transaction.commit().await?;
        }
    }
}

/// What the new root has not wrapped yet, wrapped by it. The roots are asked outside the transaction: they may be far away.
async fn behind(connection: &mut AnyConnection, tenant: &TenantId, roots: &Moving) -> Result<Vec<Again>, StoreError> {
    let sql = "SELECT version, reference, wrapped FROM tenant_key WHERE tenant = $1 ORDER BY version";
    let mut behind = Vec::new();
    for row in tenant.query(sql).fetch_all(connection).await? {
        let (version, was): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(2)?);
        let reference = reference(&row.try_get::<Vec<u8>, _>(1)?)?;
        if let Some(becomes) = roots.rewrap(reference, &context(tenant, version), &was).map_err(refused)? {
            behind.push(Again { version, was, becomes });
        }
    }
    Ok(behind)
}
