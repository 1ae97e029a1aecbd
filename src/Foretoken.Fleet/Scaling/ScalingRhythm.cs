using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling;

/// <summary>When a scaler works.</summary>
/// <param name="DecideEvery">Time between decisions, positive. The first decision is one interval into the run.</param>
/// <param name="ScrapeEvery">Time between two looks at the replicas' figures, positive. Between looks the figures age.</param>
/// <param name="Remember">How far back the view's history has to reach.</param>
public sealed record ScalingRhythm(SimDuration DecideEvery, SimDuration ScrapeEvery, SimDuration Remember);
