//! Maxima of autoscalers that still fit: all of them at once, on the nodes and within the quotas that there are.
//!
//! If the maxima as they are fit, they stay. Otherwise all of them are lowered by the same share of the way from least to most, as little as
//! fits; then, one autoscaler after another, each is raised again as far as everything still fits. First come those whose pods have the
//! higher priority, then those that are furthest below their maximum, then by name. Placement is not monotone, so halving may pass over
//! a larger maximum that would fit as well; what is recommended was placed.

use crate::controllers::horizontal_pod_autoscaler::assume::Autoscaler;
use crate::graph::dependencies::Reference;
use crate::manifest::location::Note;
use crate::manifest::pod::Pod;
use crate::planning::headroom::{Ground, Question, Trial};

/// Maxima that fit together.
#[derive(Debug, Clone, PartialEq)]
pub struct AutoscalerBounds {
    /// By autoscaler, in the order in which they were written.
    pub maxima: Vec<MaxReplicas>,
    /// Whether they fit as they are.
    pub all_fit: bool,
    /// Whether they fit at least at their least; if not, there is nothing to recommend.
    pub least_fits: bool,
    /// What stops the first pod with the maxima as they are.
    pub stop: Option<String>,
    /// How often everything was placed to find out.
    pub trials: usize,
}

/// The maximum of an autoscaler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaxReplicas {
    /// Namespace and name of the autoscaler.
    pub autoscaler: Reference,
    /// What it scales.
    pub workload: Reference,
    /// Its least.
    pub least: i32,
    /// Its most, as it is.
    pub most: i32,
    /// The most that fits with all others at theirs.
    pub fits: i32,
}

/// Finds them; only notes if no autoscaler works.
pub fn autoscaler_bounds(question: &Question<'_>) -> Result<AutoscalerBounds, Vec<Note>> {
    let ground = Ground::new(question)?;
    let most = ground.most();
    let least: Vec<i32> = ground.rooms.iter().zip(&most).map(|(room, most)| room.autoscaler.bounds().0.min(*most)).collect();
    let at_least = ground.place(&least);
    let tolerated = at_least.tolerated();
    let mut search = Search { ground: &ground, tolerated, trials: 1 };
    let at_most = search.place(&most);
    let all_fit = at_most.fits(tolerated);
    let least_fits = at_least.fits(tolerated);
    let fits = match (all_fit, least_fits) {
        (true, _) => most.clone(),
        (false, false) => least.clone(),
        (false, true) => search.raise(&ground.objects().pods, &least, &most),
    };
    let trials = search.trials;
    let maximum = |(number, fits): (usize, i32)| {
        let autoscaler = &ground.rooms[number].autoscaler;
        let target = &autoscaler.target;
        MaxReplicas {
            autoscaler: Reference::new(
                "HorizontalPodAutoscaler",
                autoscaler.hpa.metadata.namespace_or_default(),
                &autoscaler.hpa.metadata.name,
            ),
            workload: Reference::new(target.kind.clone(), target.namespace.clone(), target.name.clone()),
            least: autoscaler.bounds().0,
            most: autoscaler.bounds().1,
            // one that is off has no say
            fits: if most[number] == 0 { autoscaler.bounds().1 } else { fits },
        }
    };
    let maxima = fits.into_iter().enumerate().map(maximum).collect();
    Ok(AutoscalerBounds { maxima, all_fit, least_fits, stop: at_most.stop.filter(|_| !all_fit).map(|stop| stop.message), trials })
}

struct Search<'a> {
    ground: &'a Ground<'a>,
    tolerated: usize,
    trials: usize,
}

impl Search<'_> {
    fn place(&mut self, replicas: &[i32]) -> Trial {
        self.trials += 1;
        self.ground.place(replicas)
    }

    fn fits(&mut self, replicas: &[i32]) -> bool {
        self.place(replicas).fits(self.tolerated)
    }

    /// The largest common share of the way, and then each as far as it goes. The least fits, and the most does not.
    fn raise(&mut self, pods: &[Pod], least: &[i32], most: &[i32]) -> Vec<i32> {
        // shares at which one of them changes, and nothing between
        let mut shares: Vec<(i64, i64)> = Vec::new();
        for (least, most) in least.iter().zip(most) {
            let way = i64::from(most - least);
            shares.extend((1..=way).map(|step| (step, way)));
        }
        shares.sort_by(|one, other| (one.0 * other.1).cmp(&(other.0 * one.1)));
        shares.dedup_by(|one, other| one.0 * other.1 == other.0 * one.1);
        let at = |share: Option<&(i64, i64)>| -> Vec<i32> {
            let (step, way) = share.copied().unwrap_or((0, 1));
            least.iter().zip(most).map(|(least, most)| least + (i64::from(most - least) * step / way) as i32).collect()
        };
        let (mut low, mut high) = (0, shares.len());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.fits(&at(shares.get(middle - 1))) { low = middle } else { high = middle }
        }
        let mut reached = at(low.checked_sub(1).and_then(|place| shares.get(place)));
        for number in self.order(pods, &reached, most) {
            self.raise_one(number, most[number], &mut reached);
        }
        reached
    }

    /// Raises one as far as everything fits.
    fn raise_one(&mut self, number: usize, most: i32, reached: &mut [i32]) {
        let (mut low, mut high) = (reached[number], most + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            reached[number] = middle;
            if self.fits(reached) { low = middle } else { high = middle }
        }
        reached[number] = low;
    }

    fn order(&self, pods: &[Pod], reached: &[i32], most: &[i32]) -> Vec<usize> {
        let priority = |autoscaler: &Autoscaler| {
            let own = pods.iter().filter(|pod| autoscaler.owns(pod));
            own.filter_map(|pod| pod.spec.priority).max().unwrap_or(0)
        };
        let key = |number: &usize| {
            let autoscaler = &self.ground.rooms[*number].autoscaler;
            (std::cmp::Reverse(priority(autoscaler)), std::cmp::Reverse(most[*number] - reached[*number]), autoscaler.name())
        };
        let mut order: Vec<usize> = (0..reached.len()).collect();
        order.sort_by_cached_key(key);
        order
    }
}
