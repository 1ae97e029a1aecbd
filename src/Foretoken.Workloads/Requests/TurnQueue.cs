using Foretoken.Quantities;

namespace Foretoken.Workloads.Requests;

/// <summary>Turns that wait for their time, earliest first, equal times in order of entry. A binary heap in one flat array.</summary>
internal sealed class TurnQueue
{
    private Entry[] _entries = new Entry[16];
    private long _entered;

    /// <summary>Turns waiting.</summary>
    public int Count { get; private set; }

    /// <summary>Time of the first; <see cref="SimTime.Never"/> when empty.</summary>
    public SimTime First => Count == 0 ? SimTime.Never : new SimTime(_entries[0].At);

    /// <summary>Handle of the first.</summary>
    public int FirstHandle => _entries[0].Handle;

    /// <summary>Adds a turn.</summary>
    public void Add(SimTime at, int handle)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Count * 2);
        }

        var entry = new Entry(at.Nanoseconds, _entered++, handle);
        var i = Count++;
        while (i > 0)
        {
            var parent = (i - 1) / 2;
            if (_entries[parent].IsBefore(entry))
            {
                break;
            }

            _entries[i] = _entries[parent];
            i = parent;
        }

        _entries[i] = entry;
    }

    /// <summary>Removes the first and returns its handle.</summary>
    public int RemoveFirst()
    {
        Invariant.That(Count > 0);
        var first = _entries[0].Handle;
        var last = _entries[--Count];
        var i = 0;
        while (true)
        {
            var child = 2 * i + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && _entries[child + 1].IsBefore(_entries[child]))
            {
                child++;
            }

            if (last.IsBefore(_entries[child]))
            {
                break;
            }

            _entries[i] = _entries[child];
            i = child;
        }

        _entries[i] = last;
        return first;
    }

    private readonly record struct Entry(long At, long Order, int Handle)
    {
        public bool IsBefore(in Entry other) => At < other.At || (At == other.At && Order < other.Order);
    }
}
