namespace Foretoken.Fleet.Routing;

/// <summary>What a router sees of a request: never how long the answer will be, nor what it will say.</summary>
/// <param name="Index">Number in order of arrival.</param>
/// <param name="InputTokens">Prompt length.</param>
/// <param name="Session">Session, or -1.</param>
/// <param name="Priority">Lower is more urgent.</param>
public readonly record struct RoutedRequest(int Index, int InputTokens, int Session, int Priority)
{
    /// <summary>Nodes of <see cref="RouterView.Tree"/> from the root downwards that the prompt passes through; the last may reach beyond it.</summary>
    public ReadOnlyMemory<int> Path { get; init; }

    /// <summary>Prompt tokens that the path identifies; later ones are shared with nobody.</summary>
    public int KnownTokens { get; init; }
}
