namespace Foretoken.Workloads.Benchmarks;

/// <summary>What any benchmark client boils down to: phases one after the other, and the prompts they send.</summary>
public sealed record ClientPlan
{
    /// <summary>The phases in order; the warm-ups first. A phase begins when every request of the one before has its outcome.</summary>
    public required IReadOnlyList<ClientPhase> Phases { get; init; }

    /// <summary>The prompts.</summary>
    public required PromptSet Prompts { get; init; }

    /// <summary>Requests of the warm-up, which the tool's metrics leave out.</summary>
    public int WarmUpRequests => checked((int)Phases.TakeWhile(p => p.WarmUp).Sum(p => (long)p.Requests));
}
