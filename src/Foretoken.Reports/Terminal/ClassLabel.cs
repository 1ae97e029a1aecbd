namespace Foretoken.Reports.Terminal;

/// <summary>What a workload class is called on paper.</summary>
internal static class ClassLabel
{
    /// <summary>Requests without a class, in a workload that has classes.</summary>
    public const string None = "(no class)";

    /// <summary>Its name, safe for a terminal.</summary>
    public static string Of(string? name) => name is null ? None : Ink.Clean(name);
}
