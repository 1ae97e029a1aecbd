namespace Foretoken.Workloads.Synthetic;

/// <summary>How arrivals follow each other.</summary>
public enum ArrivalProcess
{
    /// <summary>Independent arrivals at a constant <c>rate</c>: exponential gaps. The first comes one gap after the start.</summary>
    Poisson,

    /// <summary>Independent gamma gaps of mean 1/<c>rate</c> and coefficient of variation <c>cv</c> (or <c>shape</c> = 1/cv²). The first comes one gap after the start.</summary>
    Gamma,

    /// <summary>Equal gaps of 1/<c>rate</c>. The first comes at 0.</summary>
    Constant,

    /// <summary>Markov-modulated Poisson: <c>states</c> with a rate and an exponential dwell each; at its end one of the other states follows, all equally likely.</summary>
    Bursty,

    /// <summary>Poisson with a rate that changes smoothly: <c>rate</c>·(1 + <c>amplitude</c>·sin), or straight lines through the points of <c>profile</c>.</summary>
    Diurnal,

    /// <summary>Poisson (or gamma, with <c>cv</c>, or any <c>gaps</c>) at the rates of a table: <c>rates</c>, each held for one <c>bin</c>.</summary>
    Replayed,

    /// <summary>Independent gaps of any distribution (<c>gaps</c>), scaled to <c>rate</c> where one is given. The first comes one gap after the start.</summary>
    Renewal,

    /// <summary>All at time 0.</summary>
    AtOnce,
}
