using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Tuning.Evaluation;

/// <summary>
/// Other traffic that could as well have been recorded: the trace cut into blocks of time, each block's place taken by a block
/// from nearby (local block bootstrap, Paparoditis and Politis 2002), so that bursts stay whole and the shape of the day stays.
/// A block that comes a second time asks other things: prompt content that only one session (or one request on its own) had is new
/// again, and only what several shared stays shared.
/// </summary>
public static class BlockResampling
{
    /// <summary>
    /// Replications of a trace lie closer to each other than days do: what reaches from one block into the next is broken up, and what changes more
    /// slowly than a stand-in is far away stays. On synthetic traffic whose truth is known it is a fifth to two fifths too little (docs/doubt.md).
    /// </summary>
    public const double Stretch = 1.35;

    // Blocks over the whole trace, and how far away a block's stand-in may come from.
    private const int Blocks = 20;
    private const int Reach = 3;

    /// <summary>The trace of a replication; replication 0 is the trace itself.</summary>
    public static Trace Resample(Trace trace, int replication, ulong seed)
    {
        if (replication == 0 || trace.Count == 0 || !trace.HasArrivals)
        {
            return trace;
        }

        var units = Units(trace);
        var end = units[^1].Arrival.Nanoseconds;
        var start = units[0].Arrival.Nanoseconds;
        var length = Math.Max(1, (end - start + Blocks) / Blocks);
        var blocks = new List<Unit>[Blocks];
        for (var b = 0; b < Blocks; b++)
        {
            blocks[b] = [];
        }

        foreach (var unit in units)
        {
            blocks[(int)Math.Min(Blocks - 1, (unit.Arrival.Nanoseconds - start) / length)].Add(unit);
        }

        var random = new RandomStream(seed, StreamId.Resampling, 0, (ulong)replication);
        var times = new int[Blocks];
        var copy = new TraceCopy(trace, units);
        for (var b = 0; b < Blocks; b++)
        {
            var from = Math.Max(0, b - Reach);
            var chosen = from + random.NextInt(Math.Min(Blocks - 1, b + Reach) - from + 1);
            foreach (var unit in blocks[chosen])
            {
                copy.Add(unit.Rows, (b - chosen) * length, times[chosen] > 0);
            }

            times[chosen]++;
        }

        return copy.Finish();
    }

    // Rows that go together: a session, or a request on its own; in order of arrival.
    private static List<Unit> Units(Trace trace)
    {
        var units = new List<Unit>();
        var sessions = new Dictionary<int, Unit>();
        for (var row = 0; row < trace.Count; row++)
        {
            var session = trace.Sessions?[row] ?? -1;
            if (session >= 0 && sessions.TryGetValue(session, out var known))
            {
                known.Rows.Add(row);
                continue;
            }

            var unit = new Unit(trace.Arrivals[row], [row]);
            units.Add(unit);
            if (session >= 0)
            {
                sessions.Add(session, unit);
            }
        }

        return [.. units.OrderBy(u => u.Arrival).ThenBy(u => u.Rows[0])];
    }

    private sealed record Unit(SimTime Arrival, List<int> Rows);

    /// <summary>A trace that is put together from rows of another.</summary>
    private sealed class TraceCopy
    {
        private readonly Trace _from;
        private readonly PrefixTree? _tree;
        private readonly bool[] _shared;
        private readonly List<SimTime> _arrivals = [];
        private readonly List<int> _rows = [];
        private readonly List<int> _sessions = [];
        private readonly List<PromptContent> _contents = [];
        private int _nextId;
        private int _nextSession;

        public TraceCopy(Trace from, List<Unit> units)
        {
            _from = from;
            _shared = new bool[from.Tree?.Count ?? 0];
            if (from.Tree is null || from.Contents is null)
            {
                return;
            }

            _tree = new PrefixTree();
            for (var node = 0; node < from.Tree.Count; node++)
            {
                _tree.Add(from.Tree.Parents[node], from.Tree.Ends[node]);
            }

            var owners = new int[_shared.Length];
            Array.Fill(owners, -1);
            for (var unit = 0; unit < units.Count; unit++)
            {
                foreach (var row in units[unit].Rows)
                {
                    foreach (var node in from.Contents[row].Path.Span)
                    {
                        _shared[node] |= owners[node] >= 0 && owners[node] != unit;
                        owners[node] = unit;
                    }

                    foreach (var id in from.Contents[row].HashIds.Span)
                    {
                        _nextId = Math.Max(_nextId, id + 1);
                    }
                }
            }
        }

        public void Add(List<int> rows, long shift, bool isCopy)
        {
            var nodes = new Dictionary<int, int>();
            var ids = new Dictionary<int, int>();
            var session = _from.Sessions is not null && _from.Sessions[rows[0]] >= 0 ? _nextSession++ : -1;
            foreach (var row in rows)
            {
                var arrival = _from.Arrivals[row];
                _arrivals.Add(arrival == SimTime.Never ? arrival : new SimTime(arrival.Nanoseconds + shift));
                _rows.Add(row);
                _sessions.Add(session);
                if (_from.Contents is not null)
                {
                    _contents.Add(isCopy ? Fresh(_from.Contents[row], nodes, ids) : _from.Contents[row]);
                }
            }
        }

        public Trace Finish() => _from.Select(_rows) with
        {
            Arrivals = [.. _arrivals],
            Sessions = _from.Sessions is null ? null : [.. _sessions],
            Contents = _from.Contents is null ? null : [.. _contents],
            Tree = _tree ?? _from.Tree,
            SessionCount = _nextSession,
        };

        // What no other unit has is new, and the same again from turn to turn. The tree holds what at least two rows share; what lies
        // beyond a row's path is its own, and only ids tell it.
        private PromptContent Fresh(PromptContent content, Dictionary<int, int> nodes, Dictionary<int, int> freshIds)
        {
            var path = content.Path.ToArray();
            var from = 0;
            while (from < path.Length && _shared[path[from]])
            {
                from++;
            }

            var firstNew = from == 0 ? 0 : _from.Tree!.Ends[path[from - 1]];
            for (var i = from; i < path.Length; i++)
            {
                if (!nodes.TryGetValue(path[i], out var node))
                {
                    node = _tree!.Add(i == 0 ? -1 : path[i - 1], _from.Tree!.Ends[path[i]]);
                    nodes.Add(path[i], node);
                }

                path[i] = node;
            }

            var ids = content.HashIds.ToArray();
            for (var i = content.HashBlockTokens > 0 ? firstNew / content.HashBlockTokens : ids.Length; i < ids.Length; i++)
            {
                if (!freshIds.TryGetValue(ids[i], out var id))
                {
                    id = _nextId++;
                    freshIds.Add(ids[i], id);
                }

                ids[i] = id;
            }

            return content with { Path = path, HashIds = ids };
        }
    }
}
