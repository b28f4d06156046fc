"""The language: text and TOML in, validated trees and specs out."""
