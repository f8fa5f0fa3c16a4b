"""What looks for alerts and sends them: the keeper, its ways out, the ping while all is well, the guard of the disk."""

import random
from collections.abc import Mapping

from ompycord.app.alerting.fired_triggers import TriggersTarget
from ompycord.app.alerting.heartbeat import Heartbeat
from ompycord.app.alerting.keeper import AlertKeeper
from ompycord.app.alerting.operations import AlertOperations
from ompycord.app.alerting.ops_channel import OPS_PAUSE_S, OpsChannelTarget
from ompycord.app.alerting.reading import Lookout
from ompycord.app.alerting.state import AlertState
from ompycord.app.alerting.ways import WaysOut
from ompycord.app.backups.state import BackupState
from ompycord.app.control import Operation
from ompycord.app.outgoing.states import Destinations
from ompycord.app.resources.disk_keeper import DiskKeeper
from ompycord.app.retention.attached import Retention
from ompycord.app.services import Ends, Service
from ompycord.app.wiring.parts import Infrastructure
from ompycord.app.wiring.running import drained, keeps_up
from ompycord.bot.bot import Bot
from ompycord.conductor import Driver
from ompycord.domain.deliveries import Topic
from ompycord.errors import StorageError
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.notify import DestinationWorker, Notifier
from ompycord.notify.attempt import DeliveryTarget
from ompycord.processes.own_limits import OwnLimits
from ompycord.schedules.triggers.triggers import Triggers
from ompycord.telemetry.watchdog import Watchdog

__all__ = ["Alerting", "lookout_of"]


class Alerting:
    """All of it, for the list of services and for the control socket."""

    def __init__(
        self, infrastructure: Infrastructure, bot: Bot, lookout: Lookout, state: AlertState, triggers: Triggers
    ) -> None:
        settings, store, clock = infrastructure.settings, infrastructure.store, infrastructure.clock
        channel = settings.discord.ops_channel
        own: list[DeliveryTarget] = []
        if channel is not None:
            own.append(OpsChannelTarget(poster=bot, channel=channel))
        if any(spec.source == "alert" for spec in settings.triggers.values()):
            own.append(TriggersTarget(triggers))
        workers = [
            DestinationWorker(
                target=target,
                queue=store.notifications,
                clock=clock,
                chance=random.random,
                longest_s=OPS_PAUSE_S,
            )
            for target in own
        ]
        self._ops = Notifier(workers=workers, bus=infrastructure.bus)
        taking = {one.name for one in settings.notify.all if Topic.ALERT in one.topics}
        webhooks = {name: target for name, target in infrastructure.notifier.targets.items() if name in taking}
        self._ways = WaysOut(
            rows=store,
            targets={**self._ops.targets, **webhooks},
            redact=infrastructure.redact,
            wake=self._wake,
        )
        self._notifier = infrastructure.notifier
        self._keeper = AlertKeeper(
            lookout=lookout,
            rows=store,
            ways=self._ways,
            options=settings.alerts,
            backup_hours=settings.backup.every_hours,
            clock=clock,
            ids=infrastructure.ids,
            state=state,
        )
        self._disk = DiskKeeper(mode=infrastructure.mode, store=store, clock=clock)
        self._heartbeat = _heartbeat_of(infrastructure, state)
        self._operations = AlertOperations(
            rows=store, ways=self._ways, data=infrastructure.data.path, clock=clock, ids=infrastructure.ids
        )

    def services(self) -> tuple[Service, ...]:
        """In the order of start."""
        ops = Service(name="ops-channel", run=self._ops.run, ends=Ends.WORK, drain=self._ops.drain, stop=drained)
        pinging = (
            () if self._heartbeat is None else (Service(name="heartbeat", run=self._heartbeat.run, ends=Ends.WORK),)
        )
        return (
            Service(name="disk", run=self._disk.run, ends=Ends.WORK),
            *((ops,) if self._ops.targets else ()),
            Service(name="alerts", run=self._keeper.run, ends=Ends.WORK),
            *pinging,
        )

    def operations(self) -> Mapping[str, Operation]:
        """What the control socket answers."""
        return self._operations.operations()

    def _wake(self) -> None:
        self._ops.wake()
        self._notifier.wake()


def lookout_of(
    infrastructure: Infrastructure,
    destinations: Destinations,
    backups: BackupState,
    *,
    bot: Bot,
    watchdog: Watchdog,
    own_limits: OwnLimits,
    gateway: ModelGateway,
    driver: Driver,
    retention: Retention,
) -> Lookout:
    """What is looked at for alerts."""
    return Lookout(
        store=infrastructure.store,
        bot=bot,
        mode=infrastructure.mode,
        watchdog=watchdog,
        own_limits=own_limits,
        backups=backups,
        destinations=destinations,
        failing=gateway.upstreams.failing,
        ready=driver.ready,
        unreadable=retention.unreadable,
        clock=infrastructure.clock,
    )


def _heartbeat_of(infrastructure: Infrastructure, state: AlertState) -> Heartbeat | None:
    options, ping = infrastructure.settings.alerts.heartbeat, infrastructure.ping
    if options is None or ping is None or state.heartbeat is None:
        return None
    store = infrastructure.store

    async def works() -> bool:
        try:
            return await store.is_writable() and await keeps_up(store)
        except StorageError:
            return False

    return Heartbeat(ping=ping, works=works, options=options, clock=infrastructure.clock, state=state.heartbeat)
