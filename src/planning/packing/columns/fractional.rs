//! The fractional knapsack: what items can add to a bin if the last of them may be cut, over one weight of each.
//!
//! The weight may be a sum over all resources, in the order of the search, or one resource as if there were no other ([`Aspect`]). The sum
//! is the better one for a whole bin; once large items are taken, one resource is scarcer than the sum takes it to be.
//!
//! Promise: no choice of these items is worth more than is said.
//!
//! Source: G. B. Dantzig, "Discrete-variable extremum problems", Operations Research 5, 1957; for several resources H. Kellerer, U. Pferschy
//! and D. Pisinger, "Knapsack Problems", 2004, chapter 9.

/// Alike items on offer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offered {
    pub worth: i64,
    pub weight: i64,
    /// How many there are.
    pub most: u32,
    /// Whether they make room of some resource: then they are counted whole, and take none.
    pub makes: bool,
}

/// One resource, as if there were no other.
#[derive(Debug, Clone)]
pub(super) struct Aspect {
    pub resource: usize,
    /// What makes room, then all others by what they are worth for this resource.
    order: Vec<u32>,
}

/// What fits is worth at most this, rounded down: items come with what makes room first, then by worth for weight.
pub(super) fn fractional(offered: impl Iterator<Item = Offered>, mut room: i64) -> i64 {
    let mut sum = 0i64;
    for Offered { worth, weight, most, makes } in offered {
        let all = weight.saturating_mul(i64::from(most));
        if !makes && room < 0 {
            return sum;
        }
        if !makes && all > room {
            return sum.saturating_add((i128::from(worth) * i128::from(room) / i128::from(weight)) as i64);
        }
        room = room.saturating_sub(if makes { all.min(0) } else { all });
        sum = sum.saturating_add(worth.saturating_mul(i64::from(most)));
    }
    sum
}

impl Aspect {
    /// The aspect of a resource, if anything needs it: of items by worth and amount, of which the first `makers` make room.
    pub fn new(resource: usize, worth: &[i64], amount: impl Fn(usize) -> i64, makers: usize) -> Option<Aspect> {
        if (0..worth.len()).all(|index| amount(index) <= 0) {
            return None;
        }
        let mut order: Vec<u32> = (0..worth.len() as u32).collect();
        order[makers..].sort_by(|&one, &other| {
            let cross = |worthy: u32, sized: u32| i128::from(worth[worthy as usize]) * i128::from(amount(sized as usize));
            cross(other, one).cmp(&cross(one, other)).then(one.cmp(&other))
        });
        Some(Aspect { resource, order })
    }

    /// The items from `first` on in the order of the search, in the order of this aspect.
    pub fn from(&self, first: usize) -> impl Iterator<Item = usize> {
        self.order.iter().map(|&index| index as usize).filter(move |&index| index >= first)
    }
}
