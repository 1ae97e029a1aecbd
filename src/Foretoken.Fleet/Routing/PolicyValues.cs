namespace Foretoken.Fleet.Routing;

/// <summary>The values of a policy's parameters; those that were not set have their defaults.</summary>
public sealed class PolicyValues(IReadOnlyDictionary<string, object>? set = null)
{
    private readonly IReadOnlyDictionary<string, object> _set = set ?? new Dictionary<string, object>();

    /// <summary>All defaults.</summary>
    public static PolicyValues Defaults { get; } = new();

    /// <summary>The value of a parameter.</summary>
    public T Get<T>(PolicyParameter<T> parameter)
        where T : notnull =>
        _set.TryGetValue(parameter.Name, out var value) ? (T)value : parameter.Default;

    /// <summary>Whether the parameter was set.</summary>
    public bool Has(PolicyParameter parameter) => _set.ContainsKey(parameter.Name);
}
