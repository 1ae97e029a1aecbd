namespace Foretoken.Hardware.Models;

/// <summary>A model of the catalogue.</summary>
/// <param name="Name">Name on HuggingFace: <c>meta-llama/Llama-3.1-70B</c>.</param>
/// <param name="Title">Name as people say it.</param>
/// <param name="Also">Other checkpoints of the same shape and format.</param>
/// <param name="PublishedTotal">Parameters in billions as published; null when not known.</param>
/// <param name="PublishedActive">Parameters per token in billions as published; null when not known.</param>
/// <param name="Source">Where the config is from.</param>
/// <param name="Shape">What follows from the config.</param>
public sealed record ModelEntry(string Name, string Title, IReadOnlyList<string> Also, double? PublishedTotal, double? PublishedActive, string Source, ModelShape Shape);
