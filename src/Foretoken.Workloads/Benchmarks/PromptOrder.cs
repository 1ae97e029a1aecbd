namespace Foretoken.Workloads.Benchmarks;

/// <summary>In which order a data set is gone through when there are fewer prompts than requests.</summary>
public enum PromptOrder
{
    /// <summary>As listed, again and again.</summary>
    Sequential,

    /// <summary>Shuffled once, then in that order again and again.</summary>
    ShuffledOnce,

    /// <summary>Shuffled anew for every pass.</summary>
    ShuffledEachPass,

    /// <summary>Any prompt for any request.</summary>
    Random,
}
