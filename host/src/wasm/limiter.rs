//! How much memory an instance may have: all its linear memories together, charged to its query.

use super::scope::Scope;
use super::state::Bounds;
use crate::error::Error;
use std::sync::Arc;
use wasmtime::ResourceLimiter;

/// The budget of one store.
pub(super) struct Limiter {
    scope: Arc<Scope>,
    bounds: Bounds,
    memory_bytes: usize,
    table_elements: usize,
    /// Whether an operator of the plan charges the memory to the budget of all queries.
    by_operator: bool,
}

impl Limiter {
    pub(super) fn new(scope: &Arc<Scope>, bounds: &Bounds, by_operator: bool) -> Self {
        Self {
            by_operator,
            scope: Arc::clone(scope),
            memory_bytes: 0,
            bounds: bounds.clone(),
            table_elements: 0,
        }
    }
}

impl Limiter {
    /// The memory that the instance has, in bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        self.scope.shrink(self.memory_bytes, self.by_operator);
    }
}

impl ResourceLimiter for Limiter {
    /// Refusing by a trap instead of by -1 costs a guest the chance to go on with less, and gives
    /// the analyst the reason instead of whatever the guest makes of it.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let total = self.memory_bytes + (desired - current);
        let limit = self.bounds.limits.guest_memory_bytes_max;
        if total > limit {
            return Err(wasmtime::Error::new(self.bounds.over(
                "bytes of memory of the instance",
                total,
                limit,
                "guest_memory_bytes_max",
            )));
        }
        self.scope
            .grow(desired - current, self.by_operator)
            .map_err(wasmtime::Error::new)?;
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let total = self.table_elements + (desired - current);
        let limit = self.scope.limits().guest_table_elements_max;
        if total > limit {
            return Err(wasmtime::Error::new(Error::over_limit(
                "table elements of the instance",
                total,
                limit,
                "guest_table_elements_max",
            )));
        }
        self.table_elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.scope.limits().guest_core_items_max
    }

    fn tables(&self) -> usize {
        self.scope.limits().guest_core_items_max
    }

    fn memories(&self) -> usize {
        self.scope.limits().guest_core_items_max
    }
}
