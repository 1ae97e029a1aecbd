namespace Foretoken.Tuning.Search;

/// <summary>Why a child was taken from all that were made; successes decide how often which reason counts.</summary>
internal enum Pick
{
    /// <summary>By chance.</summary>
    Chance,

    /// <summary>The model expects it to reach beyond what is there.</summary>
    Beyond,

    /// <summary>The model expects it to be good, and far from what is there.</summary>
    Apart,
}
