namespace Foretoken.Fleet.Routing;

/// <summary>What a router sees of a request: never how long the answer will be.</summary>
/// <param name="Index">Number in order of arrival.</param>
/// <param name="InputTokens">Prompt length.</param>
/// <param name="Session">Session, or -1.</param>
/// <param name="Priority">Lower is more urgent.</param>
public readonly record struct RoutedRequest(int Index, int InputTokens, int Session, int Priority);
