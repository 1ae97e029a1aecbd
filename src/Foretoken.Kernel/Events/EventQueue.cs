using Foretoken.Quantities;

namespace Foretoken.Kernel.Events;

/// <summary>
/// Future events in a flat binary heap, in one total order: time, then phase, then order of posting. Nothing is left to
/// chance, and nothing is allocated once the heap has reached its size. (Measured: at the few thousand pending events of a
/// fleet a binary heap of plain structs is as fast as any other; see docs/performance.md.) Events are not removed: whoever
/// posts one that can become void puts a stamp into its payload and ignores stale ones.
/// </summary>
public sealed class EventQueue
{
    private Slot[] _slots = new Slot[64];
    private ulong _posted;

    /// <summary>Events pending.</summary>
    public int Count { get; private set; }

    /// <summary>Time of the first event; <see cref="SimTime.Never"/> when empty.</summary>
    public SimTime NextTime => Count == 0 ? SimTime.Never : new SimTime(_slots[0].Time);

    /// <summary>Phase of the first event. The queue must not be empty.</summary>
    public Phase NextPhase => (Phase)(_slots[0].Order >> 56);

    /// <summary>Posts an event.</summary>
    public void Post(SimTime time, Phase phase, long payload)
    {
        if (Count == _slots.Length)
        {
            Array.Resize(ref _slots, Count * 2);
        }

        var slot = new Slot { Time = time.Nanoseconds, Order = ((ulong)phase << 56) | _posted++, Payload = payload };
        var slots = _slots;
        var i = Count++;
        while (i > 0)
        {
            var parent = (i - 1) >> 1;
            if (!slot.Before(slots[parent]))
            {
                break;
            }

            slots[i] = slots[parent];
            i = parent;
        }

        slots[i] = slot;
    }

    /// <summary>Takes the first event. The queue must not be empty.</summary>
    public long Take(out SimTime time, out Phase phase)
    {
        Invariant.That(Count > 0);
        var slots = _slots;
        var first = slots[0];
        time = new SimTime(first.Time);
        phase = (Phase)(first.Order >> 56);
        var last = slots[--Count];
        var i = 0;
        while (true)
        {
            var child = 2 * i + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && slots[child + 1].Before(slots[child]))
            {
                child++;
            }

            if (!slots[child].Before(last))
            {
                break;
            }

            slots[i] = slots[child];
            i = child;
        }

        slots[i] = last;
        return first.Payload;
    }

    private struct Slot
    {
        public long Time;
        public ulong Order;
        public long Payload;

        public readonly bool Before(in Slot other) => Time < other.Time || (Time == other.Time && Order < other.Order);
    }
}
