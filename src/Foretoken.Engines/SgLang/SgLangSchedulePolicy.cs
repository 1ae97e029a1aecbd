namespace Foretoken.Engines.SgLang;

/// <summary>SGLang's <c>schedule_policy</c>: the order in which waiting requests are looked at (SGLang's SchedulePolicy).</summary>
public enum SgLangSchedulePolicy
{
    /// <summary><c>fcfs</c>: the queue's own order.</summary>
    Fcfs,

    /// <summary><c>lof</c>: longest declared output first.</summary>
    Lof,

    /// <summary><c>lpm</c>: longest prefix match first; falls back to <see cref="Fcfs"/> when more than 128 requests wait.</summary>
    Lpm,

    /// <summary><c>dfs-weight</c>: depth first through the radix tree, heavier subtrees first.</summary>
    DfsWeight,

    /// <summary><c>random</c>: shuffled before every prefill attempt.</summary>
    Random,

    /// <summary><c>routing-key</c>: requests whose routing key is common in the running batch first.</summary>
    RoutingKey,
}
