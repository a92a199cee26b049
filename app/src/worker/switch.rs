//! The network that searches use: on the processor from the start, on the graphics card once that has proven itself.
//!
//! Nobody who searches notices the change, nor the way back when the card fails.

use std::cell::RefCell;
use std::rc::Rc;

use model::Error;
use model::frozen::Frozen;
use model::network::{Answers, Network};
use send_wrapper::SendWrapper;

use crate::worker::graphics::Graphics;
use crate::worker::post;
use twill_app::protocol::{Answer, Backend, Message};

/// Copies share what they switch.
#[derive(Clone, Debug)]
pub(super) struct Switch(SendWrapper<Rc<Lines>>);

#[derive(Debug)]
struct Lines {
    own: Frozen,
    graphics: RefCell<Option<Rc<Graphics>>>,
    /// Whether only the card will do.
    is_forced: bool,
    /// Why the card is not used, where there is one.
    trouble: RefCell<Option<Message>>,
}

impl Switch {
    /// On the processor.
    pub(super) fn new(own: Frozen, is_forced: bool) -> Self {
        let lines = Lines { own, graphics: RefCell::default(), is_forced, trouble: RefCell::default() };
        Self(SendWrapper::new(Rc::new(lines)))
    }

    /// The network on the processor.
    pub(super) fn own(&self) -> &Frozen {
        &self.0.own
    }

    /// From now on the card computes.
    pub(super) fn turn_to(&self, graphics: Graphics) {
        *self.0.graphics.borrow_mut() = Some(Rc::new(graphics));
    }

    /// From now on the processor computes.
    pub(super) fn turn_back(&self, why: Message) {
        *self.0.graphics.borrow_mut() = None;
        *self.0.trouble.borrow_mut() = Some(why);
    }

    /// Where the next picture is computed.
    pub(super) fn backend(&self) -> Backend {
        if self.0.graphics.borrow().is_some() { Backend::WebGpu } else { Backend::Cpu }
    }

    /// Why the card is not used, where there is one.
    pub(super) fn trouble(&self) -> Option<Message> {
        self.0.trouble.borrow().clone()
    }

    /// Tells the page where the next picture is computed, and why.
    pub(super) fn announce(&self) {
        post(0, Answer::Moved { backend: self.backend(), trouble: self.trouble() });
    }
}

impl Network for Switch {
    fn forward(&self, pictures: Vec<f32>, batch: usize) -> Answers<'_> {
        Box::pin(async move {
            let graphics = self.0.graphics.borrow().clone();
            let Some(graphics) = graphics else {
                return Network::forward(self.own(), pictures, batch).await;
            };
            match graphics.forward(&pictures, batch).await {
                Ok(answers) => Ok(answers),
                Err(why) => {
                    self.turn_back(why.clone());
                    if self.0.is_forced {
                        // Whoever asked looks for the reason in `trouble`.
                        return Err(Error::Inference { reason: why.key });
                    }
                    self.announce();
                    Network::forward(self.own(), pictures, batch).await
                }
            }
        })
    }
}
