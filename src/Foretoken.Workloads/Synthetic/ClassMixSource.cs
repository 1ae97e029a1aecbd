using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Synthetic;

/// <summary>
/// Several kinds of traffic in one stream, each with its own arrivals: as the rates of the classes change over time, so does
/// what arrives. Classes share no content and no sessions with each other.
/// </summary>
public sealed class ClassMixSource : IRequestSource
{
    private readonly IReadOnlyList<IRequestSource> _classes;
    private readonly List<int>[] _nodes;
    private readonly PrefixTree _tree = new();
    private readonly Dictionary<(int Class, int Session), int> _sessions = [];
    private readonly List<(int Class, int Index)> _issued = [];

    /// <summary>The stream of these classes, at least one.</summary>
    /// <param name="classes">What each class sends.</param>
    /// <param name="names">What each is called.</param>
    public ClassMixSource(IReadOnlyList<IRequestSource> classes, IReadOnlyList<string> names)
    {
        ArgumentOutOfRangeException.ThrowIfZero(classes.Count);
        ArgumentOutOfRangeException.ThrowIfNotEqual(names.Count, classes.Count);
        _classes = classes;
        Classes = names;
        _nodes = [.. classes.Select(_ => new List<int>())];
        IsReactive = classes.Any(c => c.IsReactive);
    }

    /// <inheritdoc />
    public bool IsReactive { get; }

    /// <inheritdoc />
    public long Count => _classes.Any(c => c.Count < 0) ? -1 : _classes.Sum(c => c.Count);

    /// <inheritdoc />
    public PrefixTree? Tree => _classes.Any(c => c.Tree is not null) ? _tree : null;

    /// <inheritdoc />
    public IReadOnlyList<string> Classes { get; }

    /// <inheritdoc />
    public SimTime NextArrival => _classes[Next()].NextArrival;

    /// <inheritdoc />
    public void Take(out RequestSpec request)
    {
        var number = Next();
        _classes[number].Take(out request);
        _issued.Add((number, request.Index));
        request.Index = _issued.Count - 1;
        request.Class = number + 1;
        if (request.Session >= 0)
        {
            if (!_sessions.TryGetValue((number, request.Session), out var session))
            {
                session = _sessions.Count;
                _sessions.Add((number, request.Session), session);
            }

            request.Session = session;
        }

        if (request.Content.KnownTokens > 0)
        {
            request.Content = Moved(number, request.Content);
        }
    }

    /// <inheritdoc />
    public void Finished(int requestIndex, SimTime at)
    {
        var (number, index) = _issued[requestIndex];
        if (_classes[number].IsReactive)
        {
            _classes[number].Finished(index, at);
        }
    }

    // Of those that arrive at the same time the first class goes first.
    private int Next()
    {
        var next = 0;
        for (var i = 1; i < _classes.Count; i++)
        {
            next = _classes[i].NextArrival < _classes[next].NextArrival ? i : next;
        }

        return next;
    }

    // The class's own tree becomes a part of the common one; its ids are put beside those of the others.
    private PromptContent Moved(int number, PromptContent content)
    {
        var nodes = _nodes[number];
        if (_classes[number].Tree is { } own)
        {
            for (var node = nodes.Count; node < own.Count; node++)
            {
                var parent = own.Parents[node];
                nodes.Add(_tree.Add(parent < 0 ? -1 : nodes[parent], own.Ends[node]));
            }
        }

        var path = new int[content.Path.Length];
        for (var i = 0; i < path.Length; i++)
        {
            path[i] = nodes[content.Path.Span[i]];
        }

        var ids = new int[content.HashIds.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = checked(content.HashIds.Span[i] * _classes.Count + number);
        }

        return content with { Path = path, HashIds = ids };
    }
}
