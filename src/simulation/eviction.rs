//! Evicting a pod: the Eviction API answers, the budget pays, the pod goes.

use super::control_plane::ControlPlane;
use crate::admission::eviction;
use crate::controllers::world::Key;
use crate::manifest::pod::Pod;
use crate::manifest::policy::PodDisruptionBudget;
use crate::manifest::refusal::Refusal;

impl ControlPlane {
    /// Evicts a pod, as a drain does.
    ///
    /// # Errors
    ///
    /// The API server's answer: see [`eviction::evict`], and 404 if there is no such pod.
    pub fn evict(&mut self, key: &Key) -> Result<(), Refusal> {
        let Some(pod) = self.store.get::<Pod>(key).cloned() else { return Err(Refusal::not_found("pods", &key.name)) };
        let now = self.now.timestamp();
        let budgets = self.store.pod_disruption_budgets.within(&key.namespace).map(|budget| &**budget);
        if let Some((name, status)) = eviction::evict(&pod, budgets, &now)?.budget {
            let budget = Key::new(&key.namespace, name);
            self.store.update::<PodDisruptionBudget>(&budget, |budget| budget.status = status);
        }
        self.store.update::<Pod>(key, |pod| eviction::mark(pod, &now));
        self.remove_pod(key, None)
    }
}
