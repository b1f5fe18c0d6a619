//! Watching a gateway: each few seconds what was counted; what began or ended is told, recorded and counted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use store::{Backlog, Change, Class, Entry};

use super::{Rules, Turned, Watch};
use crate::Gateway;
use crate::metrics::AlarmName;
use crate::syslog::Event;

/// Turns that wait for a store that is down; of more the oldest go unrecorded. An hour of one alarm that begins and ends each minute.
const MAX_UNWRITTEN: usize = 120;

/// The alarms of a gateway.
pub(crate) struct Alarms {
    watch: Mutex<Watch>,
}

impl Alarms {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { watch: Mutex::new(Watch::new(rules)) }
    }

    /// How each stands, for the operator.
    pub(crate) fn shown(&self) -> Value {
        let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let alarms = watch.states().map(|(alarm, state)| {
            json!({
                "name": alarm.name, "metric": alarm.metric, "severity": alarm.severity, "raised": state.raised_ms.is_some(),
                "since_ms": state.raised_ms, "value": state.value, "count": state.count, "raise": alarm.raise, "clear": alarm.clear,
                "window_s": alarm.window_s, "for_s": alarm.for_s, "zh": alarm.zh, "en": alarm.en,
            })
        });
        json!({"rules": watch.rules().version(), "alarms": alarms.collect::<Vec<_>>()})
    }

    fn every(&self) -> Duration {
        Duration::from_secs(u64::from(self.watch.lock().unwrap_or_else(PoisonError::into_inner).rules().every_s()))
    }
}

impl Gateway {
    /// Watches until told to stop.
    pub(crate) async fn watch_alarms(self: Arc<Self>) {
        let mut stop = self.stop.subscribe();
        let mut unwritten = VecDeque::new();
        let every = self.alarms.every();
        loop {
            let turned = self.look_for_alarms().await;
            unwritten.extend(turned);
            while unwritten.len() > MAX_UNWRITTEN {
                unwritten.pop_front();
            }
            self.write_alarms(&mut unwritten).await;
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Takes what was counted; tells and shows what it turned.
    async fn look_for_alarms(&self) -> Vec<Turned> {
        let backlog = self.tenant.backlog().await.ok();
        if let Some(Backlog { tickets, jobs }) = backlog {
            self.metrics.tickets.set(tickets.cast_signed());
            self.metrics.jobs.set(jobs.cast_signed());
        }
        let counts = self.metrics.tally.counts(backlog);
        let turned = {
            let mut watch = self.alarms.watch.lock().unwrap_or_else(PoisonError::into_inner);
            let turned = watch.turn(self.now_ms(), counts);
            for (alarm, state) in watch.states() {
                let name = AlarmName { alarm: alarm.name.clone(), severity: alarm.severity.id() };
                self.metrics.alarms.get_or_create(&name).set(i64::from(state.raised_ms.is_some()));
            }
            turned
        };
        turned.iter().for_each(|one| self.teller.tell(|| Some(Event::of_alarm(one))));
        turned
    }

    /// Records what turned, in its order; what cannot be recorded now is tried again at the next look.
    async fn write_alarms(&self, unwritten: &mut VecDeque<Turned>) {
        while let Some(turned) = unwritten.front() {
            let entry = self.alarm_entry(turned);
            if self.tenant.change(async move |change: &mut Change| change.record(entry)).await.is_err() {
                return;
            }
            unwritten.pop_front();
        }
    }

    fn alarm_entry(&self, turned: &Turned) -> Entry {
        let what = if turned.raised { "alarm.raised" } else { "alarm.cleared" };
        let entry = Entry::new(Class::System, what, "gateway")
            .with("alarm", turned.alarm.name.as_str())
            .with("metric", turned.alarm.metric.id())
            .with("severity", turned.alarm.severity.id())
            .with("value", turned.value)
            .with("count", turned.count)
            .with("time_ms", turned.time_ms)
            .with("gateway", self.config.listen.to_string());
        if turned.raised { entry } else { entry.with("lasted_ms", turned.lasted_ms) }
    }
}
