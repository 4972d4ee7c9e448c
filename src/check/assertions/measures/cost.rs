//! What nodes cost: those that are there, and those that are needed.

use super::some;
use crate::check::assertions::document::Assertion;
use crate::check::assertions::inquiry::{Fleet, Inquiry};
use crate::check::assertions::quantities::Answer;
use crate::check::assertions::{Amount, Measured};

/// What the nodes cost that are there. A node without a price makes the sum unknown.
pub(in crate::check::assertions) fn of_nodes(inquiry: &Inquiry<'_, '_>, _: &Assertion) -> Answer {
    inquiry.need_nodes()?;
    let catalogue = inquiry.subject.question.catalogue.ok_or("prices are not known: --catalogue FILE says them")?;
    let cost = catalogue.cost_of(&inquiry.subject.objects.nodes);
    if !cost.unpriced.is_empty() {
        return Err(format!("the catalogue has no price for {}", some(&cost.unpriced)));
    }
    Ok(vec![Measured { what: String::new(), amount: Amount(i128::from(cost.micros_hour)), because: Vec::new() }])
}

/// What nodes cost that have to be bought for everything to run.
pub(in crate::check::assertions) fn needed(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    of_fleet(inquiry, assertion, |fleet| {
        let micros = fleet.micros_hour.ok_or("not all that is needed has a price in the catalogue")?;
        Ok(Amount(i128::from(micros)))
    })
}

/// How many nodes have to be there for everything to run.
pub(in crate::check::assertions) fn needed_nodes(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    of_fleet(inquiry, assertion, |fleet| Ok(Amount::count(fleet.nodes)))
}

fn of_fleet(inquiry: &Inquiry<'_, '_>, assertion: &Assertion, amount: impl Fn(&Fleet) -> Result<Amount, String>) -> Answer {
    match &*inquiry.fleet(&assertion.when) {
        Ok(fleet) => Ok(vec![Measured { what: String::new(), amount: amount(fleet)?, because: vec![fleet.bought.join(", ")] }]),
        Err(why) => Err(why.clone()),
    }
}
