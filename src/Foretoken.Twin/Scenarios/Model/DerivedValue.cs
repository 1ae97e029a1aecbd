namespace Foretoken.Twin.Scenarios.Model;

/// <summary>A number that follows from others.</summary>
/// <param name="Path">Path of the key that it fills in (<c>engine.max_num_seqs</c>), or a name of its own.</param>
/// <param name="Value">The value, as it would be written.</param>
/// <param name="From">The rule or formula, with the numbers in it, and its source.</param>
public sealed record DerivedValue(string Path, string Value, string From);
