//! How large an item is, and how well it suits what is left of a bin.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::super::tables::Tables;
use super::resource_prices::resource_prices;

/// How several resources become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Measure {
    /// The weighted sum of what is asked for; for a bin, of what is asked for times what is left.
    DotProduct,
    /// The weighted sum of squares; for a bin, of what would be left.
    Euclidean,
    /// The weighted largest; for a bin, of what would be left.
    Largest,
    /// The weighted sum, whatever is left.
    Sum,
}

/// How much each resource counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Weights {
    /// All alike.
    Even,
    /// By how much of it all items ask for.
    Average,
    /// By the fourth power of that: nearly only the scarcest counts. It stands for the exponential weights of the literature, without a
    /// function whose last digit differs between machines.
    Steep,
    /// By how much of it the items ask for that are left.
    Dynamic,
    /// By what it costs: the prices at which what is left is worth the most and no bin is worth more than it costs.
    Priced,
}

/// Amounts as shares of the largest bin.
pub(in super::super) struct Scale {
    resources: usize,
    /// One over the largest capacity of each resource; nothing for resources that no bin has.
    per_unit: Vec<f64>,
    /// The shares of each class, class by class.
    shares: Vec<f64>,
    /// How much larger than it is each class is taken for.
    biases: Vec<f64>,
    /// What a unit of each resource costs, if that is known.
    prices: Option<Vec<f64>>,
}

impl Scale {
    pub fn new(tables: &Tables) -> Self {
        let largest = |resource: usize| tables.instance.bins.iter().map(|bin| bin.capacity[resource]).max().unwrap_or(0);
        let per_unit: Vec<f64> = (0..tables.resources).map(largest).map(|most| if most > 0 { 1.0 / most as f64 } else { 0.0 }).collect();
        let of_class = |class: usize| tables.amounts(class).iter().zip(&per_unit).map(|(amount, unit)| *amount as f64 * unit);
        let shares = (0..tables.classes()).flat_map(of_class).collect();
        Scale { resources: tables.resources, per_unit, shares, biases: vec![1.0; tables.classes()], prices: None }
    }

    /// A scale that takes each class for somewhat larger or smaller than it is, and knows what a unit of each resource costs.
    pub fn biased(tables: &Tables, prices: &[f64], random: &mut ChaCha8Rng) -> Self {
        let spread = random.random_range(0..4);
        let mut drawn = || 1.0 + f64::from(spread) * 0.15 * (f64::from(random.random_range(0..1000u32)) / 1000.0);
        let biases = (0..tables.classes()).map(|_| drawn()).collect();
        Scale { biases, prices: Some(prices.to_vec()), ..Scale::new(tables) }
    }

    /// What a class asks for, as shares.
    pub fn shares(&self, class: usize) -> &[f64] {
        &self.shares[class * self.resources..(class + 1) * self.resources]
    }

    /// Amounts as shares.
    pub fn scaled<'s>(&'s self, amounts: &'s [i64]) -> impl Iterator<Item = f64> + 's {
        amounts.iter().zip(&self.per_unit).map(|(amount, unit)| *amount as f64 * unit)
    }

    /// How much each resource counts when so many of each class are left.
    pub fn weights(&self, kind: Weights, tables: &Tables, left: &[u32]) -> Vec<f64> {
        if kind == Weights::Even {
            return vec![1.0; self.resources];
        }
        let known = self.prices.as_ref().filter(|_| kind == Weights::Priced);
        if let Some(prices) = known {
            return prices.iter().zip(&self.per_unit).map(|(price, unit)| if *unit > 0.0 { price / unit } else { 0.0 }).collect();
        }
        let totals = self.totals(left);
        let most = totals.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        if let Some(prices) = (kind == Weights::Priced).then(|| resource_prices(self, tables, &totals)).flatten() {
            return prices;
        }
        let steepness = if kind == Weights::Steep { 4 } else { 1 };
        totals.iter().map(|total| (total / most).max(1e-3).powi(steepness)).collect()
    }

    /// What a unit of each resource costs at the prices of [`Weights::Priced`].
    pub fn unit_prices(&self, tables: &Tables) -> Vec<f64> {
        let demand: Vec<u32> = tables.instance.items.iter().map(|item| item.demand).collect();
        self.weights(Weights::Priced, tables, &demand).iter().zip(&self.per_unit).map(|(price, unit)| price * unit).collect()
    }

    /// How many of the largest bins' capacity of each resource is asked for.
    pub fn totals(&self, left: &[u32]) -> Vec<f64> {
        let mut totals = vec![0.0; self.resources];
        for (class, left) in left.iter().enumerate().filter(|(_, left)| **left > 0) {
            totals.iter_mut().zip(self.shares(class)).for_each(|(total, share)| *total += share * f64::from(*left));
        }
        totals
    }

    /// How large a class is.
    pub fn size(&self, measure: Measure, weights: &[f64], class: usize) -> f64 {
        let weighted = self.shares(class).iter().zip(weights);
        let size: f64 = match measure {
            Measure::Sum | Measure::DotProduct => weighted.map(|(share, weight)| share * weight).sum(),
            Measure::Euclidean => weighted.map(|(share, weight)| share * share * weight).sum(),
            Measure::Largest => weighted.map(|(share, weight)| share * weight).fold(0.0, f64::max),
        };
        size * self.biases[class]
    }

    /// How well a class suits what is left of a bin, in shares: the more the better.
    pub fn suits(&self, measure: Measure, weights: &[f64], class: usize, free: &[f64]) -> f64 {
        let each = self.shares(class).iter().zip(weights).zip(free);
        let suits: f64 = match measure {
            Measure::Sum => each.map(|((share, weight), _)| share * weight).sum(),
            Measure::DotProduct => each.map(|((share, weight), free)| share * weight * free).sum(),
            Measure::Euclidean => -each.map(|((share, weight), free)| weight * (free - share) * (free - share)).sum::<f64>(),
            Measure::Largest => -each.map(|((share, weight), free)| weight * (free - share)).fold(f64::MIN, f64::max),
        };
        if suits < 0.0 { suits / self.biases[class] } else { suits * self.biases[class] }
    }
}
