namespace Foretoken.Engines.Vllm.Plain;

/// <summary>The order of the priority policy: lower priority value, then earlier arrival, then lower number first.</summary>
internal sealed class Urgency : IComparer<EngineRequest>
{
    /// <summary>The order.</summary>
    public static readonly Urgency Order = new();

    /// <inheritdoc />
    public int Compare(EngineRequest? x, EngineRequest? y)
    {
        var byClass = CompareClass(x!, y!);
        return byClass != 0 ? byClass : x!.Index.CompareTo(y!.Index);
    }

    /// <summary>The order without the number: what the choice of a preemption victim looks at.</summary>
    public static int CompareClass(EngineRequest x, EngineRequest y)
    {
        var byPriority = x.Priority.CompareTo(y.Priority);
        return byPriority != 0 ? byPriority : x.Arrival.CompareTo(y.Arrival);
    }
}
