using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Synthetic.Generation;

/// <summary>One conversation that is going on: all its turns, drawn beforehand, and which one is next. Reused for later conversations.</summary>
internal sealed class Conversation
{
    private readonly List<int> _inputs = [];
    private readonly List<int> _outputs = [];
    private readonly List<SimDuration> _waits = [];
    private int _turn;
    private bool _isSession;
    private PromptContent _alone;
    private int[] _path = [];
    private int[] _ids = [];
    private int _pathStart;
    private int _block;

    /// <summary>Number of the conversation in order of start.</summary>
    public int Number { get; private set; }

    /// <summary>Requests in it.</summary>
    public int Count => _inputs.Count;

    /// <summary>Draws turns and calls, at most <paramref name="requestsMax"/>.</summary>
    public void Draw(WorkloadModel model, int prefixTokens, int number, ulong seed, ulong replication, long requestsMax)
    {
        Number = number;
        _turn = 0;
        _inputs.Clear();
        _outputs.Clear();
        _waits.Clear();
        var entity = (ulong)number;
        var inputs = new RandomStream(seed, StreamId.InputLengths, entity, replication);
        var outputs = new RandomStream(seed, StreamId.OutputLengths, entity, replication);
        if (!model.Spec.HasConversations)
        {
            model.Lengths.Next(ref inputs, ref outputs, out var input, out var output);
            Add(checked(prefixTokens + input), output, SimDuration.Zero);
            return;
        }

        var sessions = new RandomStream(seed, StreamId.Sessions, entity, replication);
        var thinking = new RandomStream(seed, StreamId.ThinkTimes, entity, replication);
        var tools = new RandomStream(seed, StreamId.ToolCalls, entity, replication);
        var turns = model.Turns?.NextWhole(ref sessions) ?? 1;
        long context = prefixTokens;
        for (var turn = 0; turn < turns; turn++)
        {
            var calls = model.Calls?.NextWhole(ref tools) ?? 1;
            for (var call = 0; call < calls; call++)
            {
                var wait = SimDuration.Zero;
                DrawLengths(model, turn, ref inputs, ref outputs, out var added, out var answer);
                if (call > 0)
                {
                    wait = Wait(model.ToolLatency, ref tools);
                    added = model.ToolTokens!.NextWhole(ref tools);
                }
                else if (turn > 0)
                {
                    wait = Wait(model.ThinkTime, ref thinking);
                }

                if (call == calls - 1 && model.FinalOutput is not null)
                {
                    answer = model.FinalOutput.NextWhole(ref outputs);
                }

                var prompt = context + added;
                if (Count == requestsMax || (Count > 0 && prompt + answer > model.ContextMax))
                {
                    return;
                }

                if (prompt + answer > int.MaxValue)
                {
                    throw new InputException("workload", $"the context of session {number} grows beyond {int.MaxValue} tokens", "set sessions.max_context_tokens, or fewer turns");
                }

                Add((int)prompt, answer, wait);
                context = prompt + answer;
            }
        }
    }

    /// <summary>A request on its own: its content is known already.</summary>
    public void Alone(PromptContent content)
    {
        _isSession = false;
        _alone = content;
    }

    /// <summary>
    /// Gives the tokens of a session their identity: the group's prefix, then one tree node per turn (new tokens and answer)
    /// and one new hash id per block. The tokens of a session are one growing sequence, so the ids of a turn are the first
    /// ids of the next one.
    /// </summary>
    public void Identify(PrefixTree tree, PrefixGroups groups, int group, ref int nextId)
    {
        _isSession = true;
        _block = groups.BlockTokens;
        _pathStart = groups.BlocksPerGroup == 0 ? 0 : 1;
        _path = new int[_pathStart + Count];
        var length = _inputs[^1] + _outputs[^1];
        _ids = new int[(int)(((long)length + _block - 1) / _block)];
        groups.IdsOf(group).Span.CopyTo(_ids);
        for (var i = groups.BlocksPerGroup; i < _ids.Length; i++)
        {
            _ids[i] = nextId;
            nextId = checked(nextId + 1);
        }

        var parent = -1;
        if (_pathStart == 1)
        {
            _path[0] = parent = group;
        }

        for (var turn = 0; turn < Count; turn++)
        {
            parent = tree.Add(parent, _inputs[turn] + _outputs[turn]);
            _path[_pathStart + turn] = parent;
        }
    }

    /// <summary>Writes the current turn into a request.</summary>
    public void Fill(ref RequestSpec request)
    {
        request.InputTokens = _inputs[_turn];
        request.OutputTokens = _outputs[_turn];
        request.Session = _isSession ? Number : -1;
        var known = _inputs[_turn] + _outputs[_turn];
        request.Content = !_isSession
            ? _alone
            : new PromptContent
            {
                KnownTokens = known,
                HashBlockTokens = _block,
                HashIds = _ids.AsMemory(0, (int)(((long)known + _block - 1) / _block)),
                Path = _path.AsMemory(0, _pathStart + _turn + 1),
            };
    }

    /// <summary>Goes on to the next turn; false at the end.</summary>
    public bool TryAdvance(out SimDuration wait)
    {
        wait = SimDuration.Zero;
        if (++_turn == Count)
        {
            return false;
        }

        wait = _waits[_turn];
        return true;
    }

    private static void DrawLengths(WorkloadModel model, int turn, ref RandomStream inputs, ref RandomStream outputs, out int added, out int answer)
    {
        var lengths = turn == 0 ? model.Lengths : model.LaterLengths ?? model.Lengths;
        lengths.Next(ref inputs, ref outputs, out added, out answer);
        if (turn > 0 && model.NewTokens is not null)
        {
            added = model.NewTokens.NextWhole(ref inputs);
        }
    }

    private static SimDuration Wait(Sampling.Sampler? sampler, ref RandomStream random) =>
        sampler is null ? SimDuration.Zero : SimDuration.FromSeconds(sampler.Next(ref random));

    private void Add(int input, int output, SimDuration wait)
    {
        _inputs.Add(input);
        _outputs.Add(output);
        _waits.Add(wait);
    }
}
