namespace Foretoken.Engines.Replicas;

/// <summary>A request that a step's result ended.</summary>
internal readonly record struct RequestEnd(IPlainRequest Request, RequestOutcome Outcome);
